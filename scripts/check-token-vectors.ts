/**
 * Checks token counts against a file of texts and requests with known counts, exactly:
 *
 *     node scripts/check-token-vectors.ts FILE.json
 *
 * FILE is `{"published":[…],"computed":[…]}`. Rows of `published` have a `kind` and a `count`; rows of `computed` have a
 * `text` and a count under the name of each vocabulary. Rows for vocabularies that this program does not carry are passed
 * over and counted. Ends with exit code 1 on a mismatch, or when there is nothing to compare.
 */
import { readFileSync } from 'node:fs';
import { countFor, countRequestFor, measure, measureRequest } from '../src/tokens/index.ts';

interface Row {
  readonly id?: string;
  readonly kind?: string;
  readonly tokenizer?: string;
  readonly count?: number;
  readonly text?: string;
  readonly model?: string;
  readonly request?: unknown;
  readonly messages?: unknown;
  readonly tools?: unknown;
  readonly o200k_base?: number;
  readonly cl100k_base?: number;
}

interface Check {
  readonly what: string;
  readonly expected: number;
  count(): Promise<number>;
}

const MODEL = { o200k_base: 'gpt-4o', cl100k_base: 'gpt-4' } as const;

const openAi = (id: string) => ({ id, provider: 'openai' });

function textChecks(row: Row): Check[] {
  const { text } = row;
  if (text === undefined) return [];
  return (['o200k_base', 'cl100k_base'] as const).flatMap((name) => {
    const expected = row.kind === 'text' && row.tokenizer === name ? row.count : row[name];
    if (expected === undefined) return [];
    return [
      {
        what: `${row.id} ${name}`,
        expected,
        count: async () => (await countFor(openAi(MODEL[name]), await measure(text))).tokens,
      },
    ];
  });
}

function requestChecks(row: Row): Check[] {
  const { kind, model, count: expected } = row;
  if (kind?.startsWith('openai_chat') !== true || model === undefined || expected === undefined) return [];
  const body = row.request ?? {
    messages: row.messages,
    ...(row.tools === undefined ? {} : { tools: row.tools }),
  };
  return [
    {
      what: `${row.id} ${kind} on ${model}`,
      expected,
      count: async () => (await countRequestFor(openAi(model), await measureRequest(body))).tokens,
    },
  ];
}

async function main(path: string | undefined): Promise<number> {
  if (path === undefined) {
    process.stderr.write('usage: node scripts/check-token-vectors.ts FILE.json\n');
    return 2;
  }
  const file = JSON.parse(readFileSync(path, 'utf8')) as { published?: Row[]; computed?: Row[] };
  const rows = [...(file.published ?? []), ...(file.computed ?? [])];
  let equal = 0;
  let passedOver = 0;
  const failures: string[] = [];
  for (const row of rows) {
    const checks = [...textChecks(row), ...requestChecks(row)];
    if (checks.length === 0) passedOver += 1;
    for (const check of checks) {
      const counted = await check.count();
      if (counted === check.expected) equal += 1;
      else failures.push(`${check.what}: ${counted}, expected ${check.expected}`);
    }
  }
  for (const line of failures) process.stdout.write(`${line}\n`);
  process.stdout.write(
    `${rows.length} rows: ${equal} counts equal, ${failures.length} wrong, ${passedOver} rows for other vocabularies\n`,
  );
  return equal === 0 || failures.length > 0 ? 1 : 0;
}

process.exitCode = await main(process.argv[2]);
