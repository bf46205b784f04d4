/** A receipt as people read it: what happened, and what is there now. */
import { ZERO } from '../../core/credits.ts';
import { SOURCES } from '../../core/sources.ts';
import type { ReceiptView, UsageView } from '../../ledger/service.ts';
import { count, credits, group, showCredits } from './amounts.ts';
import type { Style } from './style.ts';

/** One or two lines, and a third when something needs attention. */
export function renderReceipt(view: ReceiptView, style: Style): string {
  const lines = [`${view.dryRun ? 'Dry run: ' : ''}${sentence(view, style)}`, renderState(view, style)];
  if (view.replayed) lines.push('This key was booked before: nothing changed.');
  if (view.dryRun) lines.push('Nothing was booked.');
  return lines.join('\n');
}

/** What is there after a receipt: `Available 1,117.5 · receipt rcp_k3x9_7`. */
export function renderState(view: ReceiptView, { paint }: Style): string {
  const parts = [paint.bold(`Available ${showCredits(view.available)}`)];
  if (view.debt > ZERO) {
    parts.push(paint.bad(`debt ${showCredits(view.debt)}: new spends and holds wait for a grant`));
  }
  if (view.receipt !== null) parts.push(paint.dim(`receipt ${view.receipt}`));
  return parts.join(' · ');
}

function sentence(view: ReceiptView, style: Style): string {
  switch (view.kind) {
    case 'spend':
      return `Spent ${callCost(view)}.`;
    case 'hold':
      return `Held ${callCost(view)}${view.hold === undefined ? '' : ` as ${view.hold}`}, ${holdEnd(view, style)}.`;
    case 'settle':
      return settled(view);
    case 'release':
      return `Released ${view.hold}: ${credits(view.released ?? ZERO)} went back.`;
    case 'grant':
      return granted(view, style);
    case 'revoke':
      return view.credits === ZERO
        ? `Nothing was left to revoke of ${view.lot}.`
        : `Revoked ${credits(view.credits)} of ${view.lot}.`;
    case 'expire':
      return `Expired ${credits(view.credits)}${view.lot === undefined ? '' : ` of ${view.lot}`}.`;
    case 'plan_change':
      return view.credits === ZERO
        ? 'Changed the plan.'
        : `Changed the plan: ${credits(view.credits)} granted.`;
    default:
      return `Booked ${view.kind.replaceAll('_', ' ')}: ${credits(view.credits)}.`;
  }
}

/** `0.675 credits on claude-haiku (1,200 in + 300 out)`. */
function callCost(view: ReceiptView): string {
  const { usage } = view;
  if (usage === null || usage.model === null) return credits(view.credits);
  const cost = `${credits(view.credits)} on ${usage.model} (${tokens(usage, view.kind === 'hold')})`;
  if (!usage.byok) return cost;
  const list = usage.listCredits === null ? 'no list price' : `list price ${showCredits(usage.listCredits)}`;
  return `${cost}, paid by your own ${usage.provider} key (${list})`;
}

/** `1,200 in, 800 of them cached, + 300 out`. */
export function tokens(usage: UsageView, isHold: boolean): string {
  const parts = [
    ...(usage.cachedTokens > 0 ? [`${group(String(usage.cachedTokens))} cached`] : []),
    ...(usage.cacheWriteTokens > 0 ? [`${group(String(usage.cacheWriteTokens))} written to cache`] : []),
  ];
  const input = `${group(String(usage.inputTokens))} in${parts.length === 0 ? '' : `, of them ${parts.join(' and ')},`}`;
  const calls = usage.toolCalls === 0 ? '' : `, ${count(usage.toolCalls, 'tool call')}`;
  return `${input} + ${isHold ? 'up to ' : ''}${group(String(usage.outputTokens))} out${calls}`;
}

function holdEnd({ expiresAt }: ReceiptView, { calendar }: Style): string {
  if (expiresAt === undefined || expiresAt === null) return 'open';
  return `open until ${calendar.time(expiresAt)}${calendar.zone === '' ? ' UTC' : ''} (${calendar.distance(expiresAt)})`;
}

function settled(view: ReceiptView): string {
  const released = view.released ?? ZERO;
  const overrun = view.overrun ?? ZERO;
  const parts = [`Settled ${view.hold}: ${callCost(view)}`];
  if (view.late === true) parts.push('late, after the hold had lapsed');
  else if (overrun > ZERO) parts.push(`${showCredits(overrun)} of it above the reservation`);
  else if (released > ZERO) parts.push(`${showCredits(released)} went back`);
  return `${parts.join('; ')}.`;
}

function granted(view: ReceiptView, { calendar }: Style): string {
  const source = view.slices[0]?.source;
  const label = source === undefined ? '' : ` ${SOURCES[source].label.toLowerCase()}`;
  const end = view.expiresAt == null ? 'never expires' : `expires ${calendar.until(view.expiresAt)}`;
  const word = showCredits(view.credits) === '1' ? 'credit' : 'credits';
  return `Granted ${showCredits(view.credits)}${label} ${word}${view.lot === undefined ? '' : ` as ${view.lot}`}, ${end}.`;
}
