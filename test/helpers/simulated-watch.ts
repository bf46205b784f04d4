/** Lets a bank watch what the simulated provider is asked and what it does; the answers go on as they are. */
import type { Intent, IntentAnswer, IntentInput } from '../../src/ledger/payments/provider.ts';
import type { SimulatedProvider } from '../../src/payments/simulated.ts';
import { type BankAnswer, BankWatch } from './bank-watch.ts';

const ANSWERING = ['confirmIntent', 'retrieveIntent', 'findIntent', 'cancelIntent'] as const;

/** What is seen of one account's payments. */
export class SimulatedBankWatch extends BankWatch {
  readonly #tag: string;
  readonly #now: () => number;
  /** Payment → the card that it is tried with. */
  readonly #cards = new Map<string, string>();
  readonly #paid = new Set<string>();

  /** @param tag of the account; payments of others are passed over */
  constructor(tag: string, now: () => number) {
    super();
    this.#tag = tag;
    this.#now = now;
  }

  #isOwn = (attempt: string): boolean => attempt.startsWith(`pay_${this.#tag}_`);

  /** The provider, watched. */
  over(provider: SimulatedProvider): SimulatedProvider {
    const watched: Record<string, (facts: never) => Promise<unknown>> = {
      createIntent: async (input: IntentInput) => {
        const { attempt } = input.metadata;
        if (this.#isOwn(attempt)) this.keys.seen(`create of ${attempt}`, input.key);
        const answer = await provider.createIntent(input);
        if (answer.outcome === 'intent') this.#cards.set(answer.intent.intent, input.paymentMethod);
        return answer;
      },
      startPurchase: async (input: Omit<IntentInput, 'paymentMethod'>) => {
        const { attempt } = input.metadata;
        if (this.#isOwn(attempt)) this.keys.seen(`page of ${attempt}`, input.key);
        return provider.startPurchase(input);
      },
      retrieveCheckout: async (id: string) => {
        const page = await provider.retrieveCheckout(id);
        if (page.isPaid && page.intent !== null) this.#look(await provider.retrieveIntent(page.intent));
        return page;
      },
    };
    for (const name of ANSWERING) {
      watched[name] = async (facts) => {
        const answer = await (provider[name] as (facts: never) => Promise<IntentAnswer>)(facts);
        if (name === 'confirmIntent') this.#confirmed(facts, answer);
        this.#look(answer);
        return answer;
      };
    }
    return new Proxy(provider, {
      get(target, name) {
        if (typeof name === 'string' && Object.hasOwn(watched, name)) return watched[name];
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  #confirmed({ intent, key }: { readonly intent: string; readonly key: string }, answer: IntentAnswer): void {
    const attempt = intent.replace(/^pi_sim_/, '');
    if (!this.#isOwn(attempt)) return;
    this.keys.seen(`confirm of ${attempt}`, key);
    // Refused: it was asked for before.
    if (answer.outcome === 'intent' && answer.intent.status !== 'succeeded') this.#tried(answer.intent);
  }

  #tried(intent: Intent): void {
    const { status, decline } = intent;
    if (status === 'requires_action') this.#charged(intent, 'holder');
    else if (status === 'declined') this.#charged(intent, decline?.kind ?? 'soft');
  }

  /** Money comes in once, whoever sees it first. */
  #look(answer: IntentAnswer): void {
    if (answer.outcome !== 'intent' || answer.intent.status !== 'succeeded') return;
    const { intent } = answer.intent;
    if (this.#paid.has(intent)) return;
    this.#paid.add(intent);
    this.#charged(answer.intent, 'paid');
  }

  #charged({ intent, ours }: Intent, answer: BankAnswer): void {
    const attempt = ours?.attempt ?? '';
    if (!this.#isOwn(attempt)) return;
    const card = this.#cards.get(intent) ?? 'a page';
    this.charged({ attempt, kind: ours!.kind, card, answer, at: this.#now() });
  }
}
