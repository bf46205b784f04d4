/**
 * Writes logs in the shape of Claude Code's, the same bytes every time: per call a line of text, a line with a tool call
 * whose usage has grown, and a line with the tool's result. Two thirds of the bytes are tool results.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';

/** What was written. */
export interface Written {
  bytes: number;
  lines: number;
  calls: number;
}

const WORDS =
  'the value of each function returns a list where import const error file path test index result'.split(' ');

type Random = () => number;

/** Marsaglia's xorshift of 32 bits: from 0 to below 1. */
function xorshift(seed: number): Random {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Prose and code with line breaks, quotes and letters beyond ASCII, from which passages are cut. */
function createText(random: Random): (length: number) => string {
  let pool = '';
  while (pool.length < 1 << 20) {
    const behind = random();
    const mark =
      behind < 0.06 ? '\n' : behind < 0.09 ? '"' : behind < 0.11 ? '_' : behind < 0.115 ? 'é' : ' ';
    pool += `${WORDS[Math.floor(random() * WORDS.length)]}${mark}`;
  }
  return (length) => {
    const from = Math.floor(random() * (pool.length - length));
    return pool.slice(from, from + length);
  };
}

function createHex(random: Random): (length: number) => string {
  return (length) => {
    let hex = '';
    while (hex.length < length) hex += Math.floor(random() * 2 ** 28).toString(16);
    return hex.slice(0, length);
  };
}

/** Writes about `bytes` into `files` files of `folder`. */
export function writeClaudeLogs(folder: string, bytes: number, files: number): Written {
  mkdirSync(folder, { recursive: true });
  const random = xorshift(20_260_301);
  const text = createText(random);
  const hex = createHex(random);
  const written: Written = { bytes: 0, lines: 0, calls: 0 };
  let at = Date.UTC(2026, 0, 1);
  for (let file = 0; file < files; file++) {
    const session = hex(32);
    const descriptor = openSync(path.join(folder, `${session}.jsonl`), 'w');
    const end = (bytes / files) * (file + 1);
    for (let context = 15_000; written.bytes < end; context = context > 150_000 ? 15_000 : context) {
      at += 4_000;
      const output = 20 + Math.floor(random() * 800);
      const lines = callLines({ session, at, context, output, random, text, hex });
      written.bytes += writeSync(descriptor, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      written.lines += lines.length;
      written.calls++;
      context += 600 + output;
    }
    closeSync(descriptor);
  }
  return written;
}

interface CallFacts {
  readonly session: string;
  readonly at: number;
  readonly context: number;
  readonly output: number;
  readonly random: Random;
  readonly text: (length: number) => string;
  readonly hex: (length: number) => string;
}

function callLines({ session, at, context, output, random, text, hex }: CallFacts): unknown[] {
  const base = (type: string, rest: object) => ({
    parentUuid: hex(32),
    isSidechain: false,
    userType: 'external',
    cwd: '/home/user/shop',
    sessionId: session,
    version: '2.1.197',
    gitBranch: 'main',
    ...rest,
    type,
    uuid: hex(32),
    timestamp: new Date(at).toISOString(),
  });
  const [id, requestId, tool] = [`msg_01${hex(22)}`, `req_01${hex(22)}`, `toolu_01${hex(22)}`];
  const answer = (block: object, tokens: number) => {
    const usage = {
      input_tokens: 4,
      cache_creation_input_tokens: 600,
      cache_read_input_tokens: context,
      cache_creation: { ephemeral_5m_input_tokens: 600, ephemeral_1h_input_tokens: 0 },
      output_tokens: tokens,
      service_tier: 'standard',
    };
    const message = {
      model: 'claude-sonnet-4-20250514',
      id,
      type: 'message',
      role: 'assistant',
      content: [block],
    };
    return base('assistant', {
      message: { ...message, stop_reason: null, stop_sequence: null, usage },
      requestId,
    });
  };
  const some = (least: number, more: number): string => text(least + Math.floor(random() * more));
  const input = {
    file_path: '/home/user/shop/cart.ts',
    old_string: some(100, 900),
    new_string: some(100, 900),
  };
  const result = text(200 + Math.floor(random() * random() * 12_000));
  return [
    answer({ type: 'text', text: some(100, 900) }, 8),
    answer({ type: 'tool_use', id: tool, name: 'Edit', input }, output),
    base('user', {
      message: { role: 'user', content: [{ tool_use_id: tool, type: 'tool_result', content: result }] },
      toolUseResult: { stdout: result, stderr: '', interrupted: false, isImage: false },
    }),
  ];
}
