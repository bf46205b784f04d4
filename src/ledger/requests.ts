/**
 * What a key is bound to: the command and its words as given, with amounts and model ids normalised; clock, dry run and
 * output flags left out. Arrays in a fixed order, so that equal requests have equal texts.
 *
 * Source: contract 5.7.
 */
import type { CallInput } from '../core/calls.ts';
import type { Catalogue } from '../core/catalogue.ts';
import type { Command } from '../core/ledger/commands.ts';
import type { CallTags } from '../core/types.ts';

const tagsOf = (tags: CallTags): unknown[] => [tags.activity, tags.session, tags.run];

/** The model of a request as its text has it. */
type ModelOf = (model: string) => string;

function callOf(call: CallInput | null, modelOf: ModelOf): unknown {
  if (call === null) return null;
  return [
    call.model === '' ? '' : modelOf(call.model),
    call.provider?.toLowerCase() ?? null,
    call.inputTokens,
    call.cachedTokens,
    call.cacheWriteTokens,
    call.outputTokens,
    call.toolCalls,
    ...tagsOf(call),
    call.noByok,
  ];
}

/** Text of a request; its SHA-256 is stored with the key. */
export function requestText(command: Command, catalogue: Catalogue): string {
  return textOf(command, (model) => (catalogue.findModel(model)?.id ?? model).toLowerCase());
}

/**
 * Every text that the request may have had when its key was new: a model or an alias that was added since may have given
 * its model's name another meaning, and the request is still the same.
 */
export function earlierTexts(command: Command, catalogue: Catalogue): string[] {
  const call = 'call' in command ? command.call : null;
  if (call === null || call.model === '') return [];
  return catalogue.meanings(call.model).map((id) => textOf(command, () => id));
}

const textOf = (command: Command, modelOf: ModelOf): string =>
  JSON.stringify([command.type, ...fieldsOf(command, modelOf)]);

function fieldsOf(command: Command, modelOf: ModelOf): unknown[] {
  switch (command.type) {
    case 'spend':
      return [command.amount, callOf(command.call, modelOf), tagsOf(command.tags), command.note, command.at];
    case 'hold':
      return [
        command.amount,
        callOf(command.call, modelOf),
        tagsOf(command.tags),
        command.ttlMs,
        command.note,
        // Behind the rest, and only where it is told: keys from before it was known keep their text.
        ...(command.estimatedTokens === undefined ? [] : [command.estimatedTokens]),
      ];
    case 'settle':
      return [
        command.hold,
        command.amount,
        callOf(command.call, modelOf),
        tagsOf(command.tags),
        command.note,
      ];
    case 'release':
      return [command.hold, command.note];
    case 'grant':
      return [command.source, command.amount, command.expires, command.priority, command.note];
    case 'revoke':
      return [command.lot, command.note];
    case 'expire':
      return [command.lot];
    case 'cycle':
      return [command.step];
    case 'plan':
      return [command.plan.toLowerCase(), command.mode];
    case 'close':
      return [];
    case 'setting':
      return [command.detail, command.note];
    default:
      return command satisfies never;
  }
}
