/** Reads the log and the charges of a fake as its bank does. */
import { type BankAnswer, BankWatch } from '../bank-watch.ts';
import type { FakeStripe } from './fake.ts';
import type { WireCharge } from './wire.ts';

/** Declines after which the same card must not be charged again; the rest of those that the tests use are soft. */
const HARD: ReadonlySet<string> = new Set(['expired_card', 'lost_card', 'stolen_card']);

function answerOf({ paid, outcome }: WireCharge): BankAnswer {
  if (paid) return 'paid';
  const reason = outcome?.reason ?? '';
  if (reason === 'authentication_required') return 'holder';
  return HARD.has(reason) ? 'hard' : 'soft';
}

const CONFIRM = /^\/v1\/payment_intents\/(\w+)\/confirm$/;

/** What the bank of a fake has seen so far. */
export class FakeBankWatch extends BankWatch {
  readonly #fake: FakeStripe;
  #lines = 0;
  #charges = 0;

  constructor(fake: FakeStripe) {
    super();
    this.#fake = fake;
  }

  /** Reads on. @throws Error where a rule is broken */
  look(): void {
    const { log, world } = this.#fake;
    for (; this.#lines < log.length; this.#lines += 1) {
      const { method, path, form, key } = log[this.#lines]!;
      if (method !== 'POST') continue;
      const step = stepOf(path, form, (id) => world.paymentIntents.get(id)?.metadata.attempt_id);
      if (step !== undefined) this.keys.seen(step, key);
    }
    for (const charge of [...world.charges.values()].slice(this.#charges)) {
      this.#charges += 1;
      this.charged({
        attempt: charge.metadata.attempt_id ?? charge.id,
        kind: charge.metadata.kind ?? 'none',
        card: charge.payment_method ?? 'none',
        answer: answerOf(charge),
        at: charge.created * 1_000,
      });
    }
  }
}

/** The step of an attempt that a request is; undefined: of none. */
function stepOf(
  path: string,
  form: string,
  attemptOf: (intent: string) => string | undefined,
): string | undefined {
  const confirmed = CONFIRM.exec(path)?.[1];
  if (confirmed !== undefined) return `confirm of ${attemptOf(confirmed) ?? confirmed}`;
  const named = new URLSearchParams(form).get('metadata[attempt_id]');
  if (named === null) return undefined;
  if (path === '/v1/payment_intents') return `create of ${named}`;
  return path === '/v1/checkout/sessions' ? `page of ${named}` : undefined;
}
