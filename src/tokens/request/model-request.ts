/**
 * A request to a model in one normal form, whatever provider's body it was read from: what is counted of it, and nothing
 * else. A body in one provider's shape can so be estimated on another provider's model.
 */

import type { Json } from './fields.ts';
import type { ImageSize } from './image-size.ts';

/** The body shapes this program reads. */
export type RequestShape = 'openai-chat' | 'openai-responses' | 'anthropic' | 'gemini';

/** An image in a request. */
export interface RequestImage {
  /** Pixels; null when only the provider can fetch the image, or its format is not known here. */
  readonly size: ImageSize | null;
  /** OpenAI's `detail: "low"`: a flat number of tokens. */
  readonly isLowDetail: boolean;
}

/** A call of a tool that an earlier answer of the model asked for. */
export interface RequestCall {
  readonly name: string;
  /** As JSON text. */
  readonly arguments: string;
}

/** One message. */
export interface Turn {
  /** `system`, `developer`, `user`, `assistant`, `tool` or `function`, as OpenAI names them. */
  readonly role: string;
  /** OpenAI's `name` of a participant, else null. */
  readonly name: string | null;
  /** Content and tool results, in order; may be empty. */
  readonly texts: string[];
  readonly images: RequestImage[];
  readonly calls: RequestCall[];
}

/** A function that the model may call. */
export interface ToolDefinition {
  readonly name: string;
  /** Empty when none was given. */
  readonly description: string;
  /** JSON Schema of the arguments, if any. */
  readonly parameters: Json | null;
}

/** What the body says about calling tools. */
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string };

/** The countable content of a request body. */
export interface ModelRequest {
  readonly shape: RequestShape;
  /** The body's own model id, if it names one. */
  readonly model: string | null;
  /** The most tokens that the body lets the model answer with; null: it does not say. */
  readonly maxOutputTokens: number | null;
  /** System text comes first, as a turn of role `system`. */
  readonly turns: readonly Turn[];
  readonly tools: readonly ToolDefinition[];
  /** True for OpenAI's older `functions`, which are counted by another rule than `tools`. */
  readonly isLegacy: boolean;
  readonly toolChoice: ToolChoice;
  /** JSON that the provider shows the model in a form of its own: hosted tools, schemas of the answer. */
  readonly extras: readonly unknown[];
  /** What could not be counted, one sentence each, for stderr. */
  readonly notes: readonly string[];
}

/** An empty turn, for a reader to fill. */
export function newTurn(role: string, name: string | null = null): Turn {
  return { role, name, texts: [], images: [], calls: [] };
}
