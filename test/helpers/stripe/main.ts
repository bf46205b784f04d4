/**
 * The fake as a process of its own. It prints its address as a line of JSON, then takes hooks on standard input, one line
 * each: `{"do":"complete","with":["cs_…","pm_card_visa"]}`, and answers each with a line of JSON. It ends when standard input ends.
 */
import { createInterface } from 'node:readline';
import { startFakeStripe } from './fake.ts';

const startAt = process.argv[2];
const fake = await startFakeStripe({ startAt: startAt === undefined ? Date.now() : Number(startAt) });
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
say({ url: fake.url });
for await (const line of createInterface({ input: process.stdin })) {
  try {
    const asked = JSON.parse(line) as { do: keyof typeof fake; with?: unknown[] };
    const hook = fake[asked.do] as unknown;
    if (typeof hook === 'function') {
      const result = (hook as (...facts: unknown[]) => unknown)(...(asked.with ?? []));
      say({ result: asked.do === 'fault' ? 'set' : ((await result) ?? null) });
    } else {
      say({ result: asked.do === 'log' ? fake.log : null });
    }
  } catch (error) {
    say({ error: String(error) });
  }
}
await fake.close();
