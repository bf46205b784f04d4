/**
 * Token counting. Not a tokenizer of its own: texts are counted with OpenAI's o200k vocabulary, exactly for the models
 * that have it, and scaled by measured factors, as a range, for the others. Importing this loads no rank table; counting
 * does. Nothing here sends a text anywhere but `countExactly`.
 */
export { assertText } from './assert-text.ts';
export { countFor, type TokenCount } from './count.ts';
export { countExactly, type ExactContent } from './exact/count-exactly.ts';
export type { ExactWorld } from './exact/counter.ts';
export { type CountedModel, familyOf } from './families.ts';
export { measure, sumMeasures, type TextMeasure } from './measure.ts';
export { countRequestFor, type RequestCount } from './request/count-request.ts';
export { measureRequest, type RequestMeasure } from './request/measure-request.ts';
