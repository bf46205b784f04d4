/** Gemini's countTokens. Source: its API reference, v1beta. */
import { refuse } from '../request/fields.ts';
import { shapeOf } from '../request/read-request.ts';
import type { ProviderCounter } from './counter.ts';

const pathOf = (model: string) => `models/${encodeURIComponent(model)}:countTokens`;

/** Counts through Gemini. */
export const geminiCounter: ProviderCounter = {
  provider: 'google',
  keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
  baseVariable: 'GEMINI_API_BASE',
  base: 'https://generativelanguage.googleapis.com',
  version: 'v1beta',
  headers: (key) => ({ 'x-goog-api-key': key }),
  askText(model, text, system) {
    const contents = [{ role: 'user', parts: [{ text }] }];
    if (system === '') return { path: pathOf(model), body: { contents } };
    // Bare `contents` have no place for a system text.
    const systemInstruction = { parts: [{ text: system }] };
    return {
      path: pathOf(model),
      body: { generateContentRequest: { model: `models/${model}`, contents, systemInstruction } },
    };
  },
  askRequest(model, body) {
    if (shapeOf(body) !== 'gemini') {
      throw refuse(
        '',
        'is no Gemini generateContent body',
        'an exact count takes the body in the shape of the provider of the model',
      );
    }
    return { path: pathOf(model), body: { generateContentRequest: { ...body, model: `models/${model}` } } };
  },
  tokensOf: (answer) => answer.totalTokens,
};
