/** Requests that share one transaction, on every engine. */
import { describe } from 'vitest';
import { ENGINES } from '../contract/engines.ts';
import { groupCommitContract } from '../contract/group-commit.ts';

describe.each(ENGINES)('on $name', groupCommitContract);
