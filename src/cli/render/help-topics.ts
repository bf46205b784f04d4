/**
 * The pages of `credits help TOPIC`: subjects that belong to no single command. Plain text of at most 80 columns, for a
 * terminal as for a pipe. What is a table elsewhere (exit codes, known providers) is read from there, so that a page
 * cannot contradict the program.
 */
import { PROVIDERS } from '../../catalog/providers.ts';
import { REFUSALS } from '../../core/errors.ts';
import { CRON, ENVIRONMENT } from './help-machine.ts';
import { PAYMENTS, TOPUP } from './help-money.ts';

/** One page. */
export interface HelpTopic {
  readonly name: string;
  /** One line for the list of topics. */
  readonly summary: string;
  /** The page, without a last line feed. */
  readonly page: () => string;
}

const MEANINGS: Readonly<Record<number, string>> = {
  1: 'unexpected failure: a defect of the program',
  2: 'the request is wrong: nothing was done',
  3: 'the credits do not suffice, or a check was not met',
  4: 'not allowed',
  5: 'the payment did not work',
  6: 'refused by a rule you set, or by the mode of the ledger',
  7: 'the books do not add up, or the file cannot be read',
  8: 'a batch was carried out, some items were refused: its document lists them',
  75: 'not now: try again later',
};

/** Breaks words into lines. */
function wrap(words: readonly string[], indent: string, width = 80): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of words) {
    const joined = line === indent ? line + word : `${line} ${word}`;
    if (joined.length <= width || line === indent) line = joined;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line].join('\n');
}

function exitCodes(): string {
  const codes = new Map<number, string[]>();
  for (const [code, { exit }] of Object.entries(REFUSALS))
    codes.set(exit, [...(codes.get(exit) ?? []), code]);
  const rows = [...codes]
    .sort(([a], [b]) => a - b)
    .map(([exit, names]) => `${String(exit).padStart(4)}  ${MEANINGS[exit]}\n${wrap(names, ' '.repeat(10))}`);
  return `EXIT CODES

   0  done, or nothing to do
${rows.join('\n')}
 130  interrupted (Ctrl-C); 143: terminated

The names below a number are the stable \`error.code\` values. A failure leaves
stdout empty and says why on stderr; with --json the last line of stderr is

  {"error":{"code":"...","message":"...","hint":"...","details":{...}}}

Commands that answer a check (verify, doctor, payments audit, and anything with
--check, --min or --budget) print their answer on stdout also when it is "no",
and so do batches of which some items were refused (8).

  $ credits estimate -m haiku --input-tokens 1200 --check || echo "not enough"

75 is worth a retry. After \`remote_unreachable\` or \`payment_unknown\` the outcome
is not known: repeat the command with the same --key, which never books twice.`;
}

const TERMS = `TERMS

credit        what calls are priced in. 1 credit = 1,000,000 microcredits, the
              unit that is stored; amounts have at most 6 decimals.
rate card     a model's dated rates in credits per 1K tokens. One credit per 1K
              tokens is one US dollar per 1M tokens of provider cost.
account       who owns credits. A ledger holds many; "default" unless -a says.
source        where credits came from: welcome, monthly, purchased, promotional.
grant, lot    to add credits; what a grant left. Every credit of a lot is in one
              place: available, held, spent, expired or revoked.
burn order    which lot pays first: lower priority, then what expires sooner,
              then free before paid, then older. So monthly credits go before
              welcome credits, and those before purchased ones.
hold          reserves credits for a call, before it is made, for 10 minutes
              unless told. Elsewhere: authorize, reserve.
settle        closes a hold with what the call used; the rest comes back.
              Elsewhere: capture, reconcile.
release       closes a hold with nothing. Past its time, a hold counts as such.
spend         one finished call, at once.
overrun, debt what a settle needs above its hold; what of it no lot covered.
              Debt blocks new spends and holds until a grant repays it.
expire        the clock ends a lot. Nothing has to run for it: reads and spends
              never see an expired lot.
revoke        an operator takes back what is left of a lot.
cycle         a plan's month, counted from its anchor date.
rollover      ends the old cycle and grants the new one. It carries nothing
              over: unused monthly credits expire.
plan, package a monthly allowance; credits bought once, which never expire.
top-up        an automatic purchase when the balance falls below a threshold.
receipt, entry, chain
              one command's booking; one movement of credits in it; each receipt
              carries the hash of the one before it, and \`verify\` checks all.
key           an idempotency key: the same key with the same request returns the
              first receipt and changes nothing.
round, run    one model call; one agent task of several rounds.
refusal       an expected "no", with a stable code (\`credits help exit-codes\`).`;

function byok(): string {
  const known = PROVIDERS.map(({ id, keyVariable }) => `  ${id.padEnd(12)}${keyVariable}`).join('\n');
  return `YOUR OWN PROVIDER KEY (BYOK)

Calls that you pay at the provider yourself cost no credits here. Say so once
per account and provider:

  $ credits byok add anthropic --env ANTHROPIC_API_KEY
  $ credits byok list
  $ credits byok remove anthropic

Only the name of an environment variable is stored, never a key. The providers
that come with the program, and where their own tools look for a key:

${known}

From then on a call of that provider's models is booked with 0 credits and its
list price beside it, before any look at the balance: it also works in debt.
Usage reports show both sums. A hold keeps the choice it was made with. With
--no-byok a single call is charged to the account all the same.

Such a call needs no price. A model that is in no rate card is recorded under
the id you give, when the provider is named too:

  $ credits spend -m my-tuned-model --provider anthropic \\
      --input-tokens 1200 --output-tokens 300

Models called openrouter/AUTHOR/SLUG belong to the provider openrouter, whoever
their author is.`;
}

/** Every topic, in the order of the list. */
export const HELP_TOPICS: readonly HelpTopic[] = [
  { name: 'exit-codes', summary: 'exit codes, error codes and how failures look', page: exitCodes },
  { name: 'environment', summary: 'variables, files and which setting wins', page: () => ENVIRONMENT },
  { name: 'cron', summary: 'what to run by the clock, with cron or systemd', page: () => CRON },
  { name: 'terms', summary: 'the words of this program', page: () => TERMS },
  { name: 'byok', summary: 'calls paid with your own provider key', page: byok },
  { name: 'topup', summary: 'automatic top-ups and their limits', page: () => TOPUP },
  { name: 'payments', summary: 'cards, purchases, test and live mode, refunds', page: () => PAYMENTS },
];

/** The list of topics. */
export function renderTopics(): string {
  const rows = HELP_TOPICS.map(({ name, summary }) => `  ${name.padEnd(13)}${summary}`);
  return ['Topics (`credits help TOPIC`):', ...rows].join('\n');
}
