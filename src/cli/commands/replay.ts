/**
 * `credits replay`: what recorded agent runs cost, would have cost elsewhere, and where a cap or the balance would have
 * stopped them. Books nothing but with `--charge`. Source: contract 2 (exit 8), 7.
 */
import { type Microcredits, parseCredits } from '../../core/credits.ts';
import { invalid, LedgerError } from '../../core/errors.ts';
import { FORMAT_NAMES, type Format, type ScanReport } from '../../transcripts/call.ts';
import type { CommandInput, CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { openMarket } from '../market.ts';
import { choiceOption, flagOption, listOption, readOption, textOption } from '../read-input.ts';
import { count, group } from '../render/amounts.ts';
import { manyBelow, othersBelow } from '../render/long-input.ts';
import { renderReplay } from '../render/replay.ts';
import { replayDocument } from '../render/replay-json.ts';
import { printable } from '../render/width.ts';
import { type ChargeTally, chargeCalls } from '../replay/charge.ts';
import { OtherModels } from '../replay/other-models.ts';
import { Pricer, type Renaming } from '../replay/pricing.ts';
import { readPaths } from '../replay/read.ts';
import type { Replayed } from '../replay/replayed.ts';
import { tallyCalls } from '../replay/tally.ts';
import { limitOf, pricedModel } from '../simulate/market.ts';
import { readMaxRounds } from './simulate-flags.ts';
import { lastLineIsFree, topupAfter } from './topup-after.ts';

export interface ReplayRequest {
  readonly paths: readonly string[];
  readonly renaming: Renaming;
  readonly maxRounds: number;
  /** null: the balance. */
  readonly budget: Microcredits | null;
  readonly format: Format | null;
  readonly compare: boolean;
  readonly charge: boolean;
}

export const replay: CommandModule<ReplayRequest> = {
  parse(input) {
    if (input.args.some((path) => path === '')) throw invalid('replay needs the names of files or folders');
    return {
      paths: input.args,
      renaming: { map: readMap(input), model: textOption(input, 'model') ?? input.model },
      maxRounds: readMaxRounds(input),
      budget: readOption(input, 'budget', parseCredits),
      format: choiceOption(input, 'format', FORMAT_NAMES),
      compare: flagOption(input, 'compare'),
      charge: flagOption(input, 'charge'),
    };
  },

  onlyReads: ({ charge }) => !charge,
  run: runReplay,
};

/** `FROM=TO`, any number of times; the last word about a model counts. */
function readMap(input: CommandInput): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const text of listOption(input, 'map')) {
    const at = text.indexOf('=');
    const [from, to] = [text.slice(0, at), text.slice(at + 1)];
    if (at < 1 || to === '') {
      throw invalid(`--map ${JSON.stringify(text)} is not FROM=TO`, 'for example --map gpt-5=4o');
    }
    map.set(from.toLowerCase(), to);
  }
  return map;
}

async function runReplay(context: Context, request: ReplayRequest): Promise<Result> {
  const { renaming, maxRounds, charge } = request;
  if (context.globals.dryRun && !charge) {
    throw invalid('without --charge replay books nothing', 'leave --dry-run out, or add --charge');
  }
  const market = await openMarket(context, charge);
  // A name that is wrong is refused before gigabytes are read.
  for (const name of [...renaming.map.values(), renaming.model]) if (name !== null) pricedModel(market, name);
  const limit = limitOf(request.budget, market.funds);
  const transcripts = await readPaths(context, request.paths, request.format);
  const pricer = new Pricer(market, renaming);
  const compare = request.compare ? new OtherModels(market) : null;
  const tally = tallyCalls(transcripts, pricer, { maxRounds, limit, compare });
  const ledger = charge ? await context.service() : null;
  const charged =
    ledger === null
      ? null
      : await chargeCalls(context, ledger, transcripts, { renaming, calls: tally.calls, clock: market.at });
  const { report } = transcripts;
  const { dryRun } = context.globals;
  const replayed: Replayed = { tally, report, limit, maxRounds, compare: request.compare, charged, dryRun };
  for (const line of [
    ...notesOf(replayed, request),
    ...manyBelow(pricer.longBelow),
    ...othersBelow(tally.comparison.others),
  ]) {
    context.notice(line);
  }
  return {
    schema: 'credits.replay/v1',
    json: () => replayDocument(replayed),
    text: () =>
      renderReplay(replayed, { columns: context.terminal.tableColumns, heading: context.paint.bold }),
    unchanged: charged !== null && charged.booked === 0 && charged.refused.length === 0,
    failure: charged === null ? undefined : partly(charged, dryRun),
    ...(ledger === null || charged === null || charged.booked === 0
      ? {}
      : topupAfter(context, ledger, [context.account], lastLineIsFree(context, charged.refused))),
  };
}

function partly({ refused, booked, replayed }: ChargeTally, dryRun: boolean): LedgerError | undefined {
  if (refused.length === 0) return undefined;
  const of = refused.length + booked + replayed;
  return new LedgerError(
    'partly_refused',
    `${group(String(refused.length))} of ${count(of, 'call')} refused`,
    {
      hint: dryRun
        ? 'this was a dry run: nothing was booked'
        : 'the others are booked; the same charge again tries the refused ones',
      details: { refused: refused.length, of },
    },
  );
}

function notesOf({ report, tally }: Replayed, { renaming }: ReplayRequest): string[] {
  const { unpriced, beyond } = tally.comparison;
  return [
    ...(renaming.model === null
      ? []
      : [
          `every call is priced as ${printable(renaming.model)}${renaming.map.size > 0 ? ', but those of --map' : ''}`,
        ]),
    ...badNotes(report),
    ...leftOut('without a price at the time of these calls', unpriced),
    ...leftOut('with a call that costs more than any account holds', beyond),
  ];
}

/** Models of a comparison named at most: an imported list may be younger than every call. */
const MOST_NAMED = 12;

function leftOut(why: string, models: readonly string[]): string[] {
  if (models.length === 0) return [];
  const more = models.length - MOST_NAMED;
  const named = models.slice(0, MOST_NAMED).map(printable).join(', ');
  return [`left out, ${why}: ${named}${more > 0 ? ` and ${group(String(more))} more` : ''}`];
}

function badNotes({ unknownFormat, badLineCount }: ScanReport): string[] {
  return [
    ...(badLineCount === 0 ? [] : [`${count(badLineCount, 'bad line')} left out`]),
    ...(unknownFormat.length === 0
      ? []
      : [`${count(unknownFormat.length, 'file')} of an unknown format left out: --format tells which it is`]),
  ];
}
