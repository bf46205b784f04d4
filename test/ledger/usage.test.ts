/** Reports of usage, on every engine. */
import { describe } from 'vitest';
import { ENGINES } from '../contract/engines.ts';
import { usageContract } from '../contract/usage.ts';

describe.each(ENGINES)('on $name', usageContract);
