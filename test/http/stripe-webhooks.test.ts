/** Webhooks of Stripe at a real server: raw bodies, several secrets, duplicates and disorder, and what is refused. */
import fs from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { wire } from '../../src/cli/wire.ts';
import { newFolder, PATIENCE } from '../helpers/processes.ts';
import {
  BEFORE,
  BOUGHT,
  CENTS,
  makeTemplate,
  openPlace,
  type Place,
  type Template,
  WEBHOOK_SECRET,
} from '../helpers/stripe/place.ts';
import { signed } from '../helpers/stripe/webhooks.ts';
import type { WireEvent } from '../helpers/stripe/wire.ts';

vi.setConfig({ testTimeout: PATIENCE, hookTimeout: PATIENCE });

const folder = newFolder();
let template: Template;
beforeAll(async () => {
  template = await makeTemplate(folder);
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

interface Served {
  readonly place: Place;
  /** @returns HTTP status and the refusal's code */
  send(
    event: WireEvent,
    facts?: { secrets?: readonly string[]; at?: number },
  ): Promise<readonly [number, string | null]>;
  post(body: string, signature: string | null): Promise<readonly [number, string | null]>;
  /** Checks the books and ends. */
  done(): Promise<void>;
}

async function served(name: string): Promise<Served> {
  const place = await openPlace(template, folder, name);
  const end = new AbortController();
  const input = {
    host: '127.0.0.1',
    port: 0,
    allowRemote: false,
    perSecond: 0,
    quiet: true,
    signal: end.signal,
  };
  const { url, ended } = await wire.serve(place.options, { ...input, stderr: { write: () => {} } });
  const post: Served['post'] = async (body, signature) => {
    const answer = await fetch(`${url}/v1/webhooks/stripe`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(signature === null ? {} : { 'stripe-signature': signature }),
      },
      body,
    });
    const { code = null } = (await answer.json()) as { code?: string };
    return [answer.status, code];
  };
  return {
    place,
    post,
    send: (event, { secrets = [WEBHOOK_SECRET], at = Math.floor(Date.now() / 1000) } = {}) => {
      const { body, signature } = signed(event, secrets, at);
      return post(body, signature);
    },
    async done() {
      end.abort();
      await ended;
      await place.inside(async (ledger) => {
        expect((await ledger.auditPayments()).differences).toEqual([]);
        expect(await ledger.verify()).toMatchObject({ ok: true });
      });
      place.fake.check();
      await place.fake.close();
    },
  };
}

const OK = [200, null] as const;

/** A top-up that was paid, and whose answer was lost with the process that asked for it. */
async function paidUnknown(place: Place): Promise<string> {
  const point = place.fault('/confirm', { at: 'after', does: 'pause' });
  const victim = place.start(['topup', 'run']);
  await point.reached;
  victim.kill('SIGKILL');
  await victim.ended;
  point.go();
  expect(await place.available()).toBe(BEFORE);
  return place.fake.books()[0]!.intent;
}

const eventsOf = (place: Place, type: string): WireEvent[] =>
  place.fake.world.events.filter((event) => event.type === type);

/** How often credits were bought or given back, how often they were taken back, and what is owed. */
const booked = (place: Place): Promise<{ came: number; went: number; debt: number }> =>
  place.inside(async (ledger) => {
    const all = { since: null, until: null, limit: null };
    const granted = await ledger.log('default', { ...all, kind: 'granted' });
    const revoked = await ledger.log('default', { ...all, kind: 'revoked' });
    const { debt } = await ledger.balance('default');
    return {
      came: granted.filter(({ source }) => source === 'purchased').length,
      went: new Set(revoked.map(({ receipt }) => receipt)).size,
      debt,
    };
  });

describe('a webhook', () => {
  it('grants what was paid, however often it comes', async () => {
    const { place, send, done } = await served('often');
    await paidUnknown(place);
    const [event] = eventsOf(place, 'payment_intent.succeeded');
    const answers = await Promise.all([send(event!), send(event!), send(event!)]);
    expect(answers).toEqual([OK, OK, OK]);
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    expect(await send(event!)).toEqual(OK);
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    await done();
  });

  it('has one effect when it comes twenty times, at once or one after the other', async () => {
    const { place, send, done } = await served('twenty');
    const intent = await paidUnknown(place);
    const [event] = eventsOf(place, 'payment_intent.succeeded');
    const all = Array.from({ length: 20 }, () => event!);
    expect(await Promise.all(all.map((each) => send(each)))).toEqual(all.map(() => OK));
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    place.fake.refund(intent, CENTS / 5);
    const [refund] = eventsOf(place, 'charge.refunded');
    for (const _ of all) expect(await send(refund!)).toEqual(OK);
    for (const each of all) expect(await send(each)).toEqual(OK);
    expect(await Promise.all(all.map(() => send(refund!)))).toEqual(all.map(() => OK));
    expect(await place.available()).toBe(BEFORE + (BOUGHT * 4) / 5);
    expect(await booked(place)).toEqual({ came: 1, went: 1, debt: 0 });
    await done();
  });

  it('races with syncs and with whoever looks at the purchase: granted once', async () => {
    const { place, send, done } = await served('race');
    await place.must(['topup', 'disable']);
    const bought = await place.inside((ledger) =>
      ledger.buy('default', { package: '500', maxChargeCents: null, checkout: true }),
    );
    expect(bought.status).toBe('requires_action');
    const [session] = [...place.fake.world.sessions.keys()].slice(-1);
    // The holder pays, and is sent back: everybody hears of it at once, each in its own way.
    place.fake.complete(session!);
    const events = [
      ...eventsOf(place, 'checkout.session.completed'),
      ...eventsOf(place, 'payment_intent.succeeded'),
    ];
    expect(events).toHaveLength(2);
    const sync = ['payments', 'sync'];
    const look = ['purchases', 'show', bought.purchase!, '--json'];
    const processes = [sync, look, sync].map((argv) => place.run(argv));
    const answers = await Promise.all([
      ...[...events, ...events, ...events].map((event) => send(event)),
      ...Array.from({ length: 4 }, () => place.inside((ledger) => ledger.syncPayments())).map((work) =>
        work.then(() => OK),
      ),
    ]);
    expect(answers).toEqual(answers.map(() => OK));
    for (const { code } of await Promise.all(processes)) expect(code).toBe(0);
    const shown = JSON.parse((await place.run(look)).stdout);
    expect([shown.status, shown.credits]).toEqual(['succeeded', BOUGHT]);
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    expect(place.fake.books()).toHaveLength(1);
    await done();
  });

  it('takes back what is refunded after a dispute was won, and no more than was paid', async () => {
    const { place, send, done } = await served('won');
    const intent = await paidUnknown(place);
    const tell = async () => {
      for (const event of place.fake.world.events) expect(await send(event)).toEqual(OK);
    };
    await tell();
    const dispute = place.fake.dispute(intent, { amount: CENTS });
    await tell();
    expect(await place.available()).toBe(BEFORE);
    place.fake.closeDispute(dispute, 'won');
    await tell();
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    place.fake.refund(intent, CENTS / 5);
    await tell();
    expect(await place.available()).toBe(BEFORE + (BOUGHT * 4) / 5);
    place.fake.refund(intent, (CENTS * 4) / 5);
    await tell();
    expect(await place.available()).toBe(BEFORE);
    // All of it again, the last first.
    for (const event of [...place.fake.world.events].reverse()) {
      expect(await send({ ...event, id: `${event.id}again` })).toEqual(OK);
    }
    expect(await place.available()).toBe(BEFORE);
    expect(await booked(place)).toEqual({ came: 2, went: 3, debt: 0 });
    await done();
  });

  it('has one effect in any order: the refund first, the success behind it', async () => {
    const { place, send, done } = await served('order');
    const intent = await paidUnknown(place);
    place.fake.refund(intent, CENTS / 5);
    place.fake.closeDispute(place.fake.dispute(intent, { amount: CENTS / 5 }), 'won');
    const events = [...place.fake.world.events].reverse();
    for (const event of [...events, ...events]) expect(await send(event)).toEqual(OK);
    expect(await place.available()).toBe(BEFORE + (BOUGHT * 4) / 5);
    await done();
  });

  it('that got lost is made up for by a sync, and does nothing when it comes after all', async () => {
    const { place, send, done } = await served('lost');
    await paidUnknown(place);
    await place.inside((ledger) => ledger.syncPayments());
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    for (const event of place.fake.world.events) expect(await send(event)).toEqual(OK);
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    await done();
  });

  it('is asked for again when the provider does not say how the payment stands', async () => {
    const { place, send, done } = await served('silent');
    await paidUnknown(place);
    const [event] = eventsOf(place, 'payment_intent.succeeded');
    const fault = place.fake.fault({ method: 'GET', at: 'before', does: 429, times: 10 });
    expect(await send(event!)).toEqual([503, 'payment_unknown']);
    fault.clear();
    expect(await place.available()).toBe(BEFORE);
    expect(await send(event!)).toEqual(OK);
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    await done();
  });

  it('is refused without a signature of ours, or of the other mode, and does nothing', async () => {
    const { place, send, post, done } = await served('refused');
    await paidUnknown(place);
    const [event] = eventsOf(place, 'payment_intent.succeeded');
    const now = Math.floor(Date.now() / 1000);
    const { body, signature } = signed(event!, [WEBHOOK_SECRET], now);
    const unauthenticated = [401, 'unauthenticated'];
    expect(await post(body, null)).toEqual(unauthenticated);
    expect(await post(`${body}\n`, signature)).toEqual(unauthenticated);
    expect(await send(event!, { secrets: ['whsec_forged'] })).toEqual(unauthenticated);
    expect(await send(event!, { at: now - 3600 })).toEqual(unauthenticated);
    expect(await send(event!, { at: now + 3600 })).toEqual(unauthenticated);
    expect(await send({ ...event!, livemode: true })).toEqual([409, 'mode_mismatch']);
    expect(await place.available()).toBe(BEFORE);
    expect(await send(event!, { secrets: ['whsec_of_before', 'whsec_next'] })).toEqual(OK);
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    await done();
  });

  it('of another installation, of nobody, or of a kind that nobody knows is answered and passed over', async () => {
    const { place, send, done } = await served('foreign');
    const intent = await paidUnknown(place);
    const [event] = eventsOf(place, 'payment_intent.succeeded');
    // Another ledger sells under the same keys.
    const other = structuredClone(place.fake.world.paymentIntents.get(intent)!);
    for (const [id, metadata] of [
      ['pi_other', { ...other.metadata, installation: 'another' }],
      ['pi_nobody', {}],
    ] as const) {
      place.fake.world.paymentIntents.set(id, { ...other, id, metadata });
      const data = { object: { ...other, id, metadata } };
      expect(await send({ ...event!, id: `evt_${id}`, data })).toEqual(OK);
      place.fake.world.paymentIntents.delete(id);
    }
    expect(
      await send({ ...event!, id: 'evt_1', type: 'a.kind.from.the.future' as WireEvent['type'] }),
    ).toEqual(OK);
    expect(await place.available()).toBe(BEFORE);
    expect(await send(event!)).toEqual(OK);
    expect(await place.available()).toBe(BEFORE + BOUGHT);
    await done();
  });
});
