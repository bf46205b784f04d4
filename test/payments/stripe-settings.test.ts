/** Where keys and addresses come from, and which are refused. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPayments, providerName, webhookSecrets } from '../../src/payments/index.ts';
import { readPlanPrices, readStripeSettings } from '../../src/payments/stripe-settings.ts';
import { memoryBooks } from '../helpers/books.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credits-test-'));
  file = path.join(folder, 'stripe.env');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const stored = (text: string, mode = 0o600): void => fs.writeFileSync(file, text, { mode });
const read = (env: Record<string, string> = {}) => readStripeSettings({ env, file });

describe('settings of Stripe', () => {
  it('come from the environment, else from the file', () => {
    stored(
      '# keys\nSTRIPE_SECRET_KEY=sk_test_file\nexport STRIPE_WEBHOOK_SECRET="whsec_a, whsec_b"\r\n\nSTRIPE_RETURN_URL=\'https://shop.example/back\'\n',
    );
    expect(read()).toEqual({
      secretKey: 'sk_test_file',
      webhookSecrets: ['whsec_a', 'whsec_b'],
      address: null,
      returnUrl: 'https://shop.example/back',
    });
    expect(read({ STRIPE_SECRET_KEY: 'rk_test_env', STRIPE_WEBHOOK_SECRET: '' })).toMatchObject({
      secretKey: 'rk_test_env',
      webhookSecrets: ['whsec_a', 'whsec_b'],
    });
  });

  it('name the prices of plans, without a look at keys', () => {
    expect(readPlanPrices({ env: {}, file })).toBe('');
    stored('STRIPE_SECRET_KEY=odd\nSTRIPE_PRICES=pro=price_1,team=price_2\n');
    expect(readPlanPrices({ env: {}, file })).toBe('pro=price_1,team=price_2');
    expect(readPlanPrices({ env: { STRIPE_PRICES: 'pro=price_3' }, file })).toBe('pro=price_3');
  });

  it('may be missing altogether', () => {
    expect(read()).toMatchObject({ secretKey: null, webhookSecrets: [], address: null });
    expect(readStripeSettings({ env: {}, file: null }).secretKey).toBeNull();
    expect(readStripeSettings({ env: {}, file: path.join(file, 'below') }).secretKey).toBeNull();
  });

  it.each([0o640, 0o604, 0o644, 0o620])('are refused from a file of mode %o', (mode) => {
    stored('STRIPE_SECRET_KEY=sk_test_file\n');
    fs.chmodSync(file, mode);
    expect(() => read()).toThrow('others can read it');
  });

  it('are refused when a line says something else, without showing it', () => {
    for (const line of ['sk_test_hidden', 'STRIPE_KEY=sk_test_hidden', 'STRIPE_SECRET_KEY sk_test_hidden']) {
      stored(`${line}\n`);
      expect(() => read()).toThrow(/line 1/);
      expect(() => read()).not.toThrow('hidden');
    }
  });

  it.each([
    ['http://127.0.0.1:4242', { protocol: 'http', host: '127.0.0.1', port: 4242 }],
    ['http://localhost:12111/', { protocol: 'http', host: 'localhost', port: 12111 }],
    ['http://[::1]:80', { protocol: 'http', host: '::1', port: 80 }],
    ['https://stripe.internal.example', { protocol: 'https', host: 'stripe.internal.example', port: 443 }],
  ])('take the address %s', (base, address) => {
    expect(read({ STRIPE_API_BASE: base }).address).toEqual(address);
  });

  it.each([
    'http://stripe.example',
    'http://10.0.0.1:80',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
    'http://user:hidden@127.0.0.1:80',
    'https://api.stripe.example/v1',
    'ftp://127.0.0.1',
    '127.0.0.1:4242',
    'no address',
  ])('refuse the address %s', (base) => {
    const reading = () => read({ STRIPE_API_BASE: base });
    expect(reading).toThrow(expect.objectContaining({ code: 'invalid_argument' }));
    expect(reading).not.toThrow('hidden');
  });

  it.each(['ftp://x.example', 'javascript:alert(1)', 'x'])('refuse to send a browser to %s', (url) => {
    expect(() => read({ STRIPE_RETURN_URL: url })).toThrow('STRIPE_RETURN_URL');
  });
});

describe('the provider of a ledger', () => {
  const open = (mode: 'test' | 'live', env: Record<string, string> = {}) =>
    openPayments({ mode, env, secretsFile: null, books: memoryBooks(), clock: () => 0 });

  it('is Stripe where there is a key, else simulated', async () => {
    expect((await open('test')).name).toBe('simulated');
    const stripe = await open('test', { STRIPE_SECRET_KEY: 'sk_test_1' });
    expect([stripe.name, stripe.mode]).toEqual(['stripe', 'test']);
    await stripe.close();
    expect(providerName({ secretKey: null })).toBe('simulated');
  });

  it.each([
    ['live', {}],
    ['live', { STRIPE_SECRET_KEY: 'sk_test_1' }],
    ['test', { STRIPE_SECRET_KEY: 'rk_live_1' }],
  ] as const)('does not pay for a %s ledger with %o', async (mode, env) => {
    await expect(open(mode, env)).rejects.toMatchObject({ code: 'mode_mismatch' });
  });

  it('refuses bad settings as a rejection', async () => {
    await expect(open('test', { STRIPE_SECRET_KEY: 'pk_test_1' })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
    expect(webhookSecrets({ env: { STRIPE_WEBHOOK_SECRET: 'a,,b' }, secretsFile: null })).toEqual(['a', 'b']);
  });
});
