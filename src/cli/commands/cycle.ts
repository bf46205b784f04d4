/** `credits cycle`: the monthly cycle of one account or all. Source: contract 5.8, 6. */
import { ZERO } from '../../core/credits.ts';
import type { CycleView, RolloverView } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import { createProgress } from '../progress.ts';
import { flagOption } from '../read-input.ts';
import { showCredits } from '../render/amounts.ts';
import { renderRollover } from '../render/rollover.ts';
import { type Style, styleFor } from '../render/style.ts';
import { cycleJson, rolloverJson } from '../wire-json.ts';
import { accountsFailed } from './batch.ts';

export const cycleShow: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const ledger = await context.service();
    const view = await ledger.cycle(context.account);
    return {
      schema: 'credits.cycle/v1',
      json: () => cycleJson(view),
      text: async () => renderCycle(view, await styleFor(context, view.zone, ledger.now())),
    };
  },
};

function renderCycle(view: CycleView, { calendar }: Style): string {
  const { start, end, granted, next } = view;
  if (start === null || end === null) {
    const coming =
      next === null
        ? ''
        : ` The first starts on ${calendar.until(next.at)}, with ${showCredits(next.credits)} credits.`;
    return `${view.account} · ${view.plan} · no monthly cycle.${coming}`;
  }
  const lines = [
    `${view.account} · ${view.plan} · cycle ${calendar.range(start, end)}, resets ${calendar.distance(end)}`,
    granted === null || granted === ZERO
      ? 'Not granted yet: `credits cycle rollover` books it.'
      : `Granted ${showCredits(granted)} credits this cycle.`,
  ];
  if (next !== null) lines.push(`Next: ${showCredits(next.credits)} credits on ${calendar.day(next.at)}.`);
  return lines.join('\n');
}

export interface CycleRequest {
  readonly all: boolean;
}

const step = (name: 'grant' | 'expire' | 'rollover'): CommandModule<CycleRequest> => ({
  parse: (input) => ({ all: flagOption(input, 'all') }),

  async run(context, { all }) {
    const ledger = await context.service(all ? null : undefined);
    const account = all ? null : context.account;
    const view = await withProgress(context, (onProgress) =>
      ledger.runCycle(name, account, { dryRun: context.globals.dryRun, onProgress }),
    );
    const zoneOf = async (id: string): Promise<Style> => {
      const zone = await ledger.account(id).then(
        (found) => found.zone,
        () => 'UTC',
      );
      return styleFor(context, zone, ledger.now());
    };
    return {
      schema: 'credits.rollover/v1',
      json: () => rolloverJson(view),
      text: () =>
        renderRollover(view, { all, zoneOf, columns: context.terminal.tableColumns, paint: context.paint }),
      unchanged: view.changes.length === 0,
      failure: accountsFailed(view.failed, view.accounts),
    };
  },
});

/** Runs with a bar on stderr that appears only when there is a lot to do. */
async function withProgress(
  context: Context,
  work: (onProgress: (done: number, of: number) => void) => Promise<RolloverView>,
): Promise<RolloverView> {
  const progress = await createProgress(context, 'accounts');
  try {
    return await work((done, of) => progress.update(done, of));
  } finally {
    progress.stop();
  }
}

export const cycleGrant = step('grant');
export const cycleExpire = step('expire');
export const cycleRollover = step('rollover');
