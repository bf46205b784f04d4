/**
 * Counting time of hostile text as a ratio to ordinary text of the same size, in one run: `node bench/tokens.ts`. No
 * ratio may pass 20. An argument sets the size in bytes, 1,000,000 unless told.
 */
import { measure } from '../src/tokens/index.ts';
import { HOSTILE, hostileText, ordinaryText } from '../test/tokens/hostile-texts.ts';

async function cpuMs(text: string): Promise<number> {
  const before = process.cpuUsage();
  await measure(text);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

async function best(text: string, rounds: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) least = Math.min(least, await cpuMs(text));
  return least;
}

const bytes = Number(process.argv[2] ?? 1_000_000);
await measure('load the tokenizer first');
const ordinary = ordinaryText(bytes);
const floor = await best(ordinary, 3);
const lines = [`${'ordinary prose'.padEnd(36)}${Math.round(floor)} ms CPU`];
let worst = 0;
for (const name of HOSTILE) {
  const spent = await best(hostileText(name, bytes), 1);
  const ratio = spent / floor;
  worst = Math.max(worst, ratio);
  lines.push(`${name.padEnd(36)}${Math.round(spent)} ms CPU  ${Math.round(ratio * 10) / 10} ×`);
}
lines.push(
  `worst ${Math.round(worst * 10) / 10} × (bar 20 ×), peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`,
);
process.stdout.write(`${lines.join('\n')}\n`);
process.exitCode = worst > 20 ? 1 : 0;
