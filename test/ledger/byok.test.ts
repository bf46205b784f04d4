/** Own provider keys, on every engine. */
import { describe } from 'vitest';
import { byokContract } from '../contract/byok.ts';
import { ENGINES } from '../contract/engines.ts';

describe.each(ENGINES)('on $name', byokContract);
