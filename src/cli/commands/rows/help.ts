/** Rows of the table of commands: help and completion. */
import type { CommandSpec } from '../../command.ts';

export const HELP: readonly CommandSpec[] = [];
