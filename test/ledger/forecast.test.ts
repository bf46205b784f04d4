/** Forecasts, on every engine. */
import { describe } from 'vitest';
import { ENGINES } from '../contract/engines.ts';
import { forecastContract } from '../contract/forecast.ts';

describe.each(ENGINES)('on $name', forecastContract);
