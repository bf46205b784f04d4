/** Emphasis with escape codes. The level is ours: chalk's own guess does not know NO_COLOR (terminal.ts decides). */
import { Chalk } from 'chalk';
import type { Paint } from './paint.ts';

const chalk = new Chalk({ level: 1 });

export const COLORED: Paint = {
  bold: (text) => chalk.bold(text),
  dim: (text) => chalk.dim(text),
  good: (text) => chalk.green(text),
  warn: (text) => chalk.yellow(text),
  bad: (text) => chalk.red(text),
};
