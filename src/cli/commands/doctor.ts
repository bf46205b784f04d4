/** `credits doctor`: files, modes, settings, clock. Source: contract 6, 1 (clock), 9 (test and live keys). */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { LedgerError } from '../../core/errors.ts';
import type { CommandModule } from '../command.ts';
import type { Context } from '../context.ts';
import type { Paint } from '../render/paint.ts';
import { printable } from '../render/width.ts';
import { configurationFile } from '../settings.ts';
import type { DoctorView } from '../wire-types.ts';

type Finding = DoctorView['findings'][number];

export const doctor: CommandModule<Record<string, never>> = {
  parse: () => ({}),

  async run(context) {
    const files = await context.files();
    const view = await files.doctor();
    const findings = [...view.findings, ...surroundings(context, view.mode, files.ledger)];
    return {
      schema: 'credits.doctor/v1',
      json: () => ({
        ok: findings.every(({ level }) => level !== 'fail'),
        ledger: files.ledger,
        checks: findings.map(({ id, level, detail }) => ({ id, ok: level !== 'fail', level, detail })),
      }),
      text: () => render(findings, context.paint),
      failure: failureOf(view, findings),
    };
  },
};

/** Warnings are no failure. A ledger that cannot be used ends as every other command would. */
function failureOf({ refusal }: DoctorView, findings: readonly Finding[]): LedgerError | undefined {
  if (refusal !== null) {
    return new LedgerError(
      refusal.code,
      refusal.message,
      refusal.hint === undefined ? {} : { hint: refusal.hint },
    );
  }
  const failed = findings.filter(({ level }) => level === 'fail').map(({ id }) => id);
  if (failed.length === 0) return undefined;
  return new LedgerError('integrity_failure', `the ledger is damaged: ${failed.join(', ')}`, {
    hint: 'stop writing to it and keep the file; `credits restore` brings a backup back',
    details: { failed },
  });
}

function surroundings(context: Context, mode: string | null, ledger: string): Finding[] {
  const findings: (Finding | null)[] = [
    configuration(context),
    nodeVersion(),
    keys(context, mode),
    {
      id: 'copies',
      level: 'ok',
      detail: [
        /^postgres(ql)?:/i.test(ledger)
          ? 'copy it with `pg_dump`; `credits export --what ledger` writes one that any ledger can be restored from'
          : `copy it with \`credits backup FILE\`: a copy of ${path.basename(ledger)} made by hand while something writes is mostly corrupt or stale`,
      ],
    },
  ];
  return findings.filter((each) => each !== null);
}

/** That it can be read is known by now: every command reads it first. */
function configuration({ env }: Context): Finding {
  const file = configurationFile(env);
  if (!existsSync(file)) return { id: 'config', level: 'ok', detail: [`none, ${file} would be it`] };
  const { mode } = statSync(file);
  if ((mode & 0o022) === 0) return { id: 'config', level: 'ok', detail: [`${file} is valid`] };
  return { id: 'config', level: 'warn', detail: [`${file} can be changed by others: \`chmod 600\``] };
}

/** Lines of Node that get fixes and that this program is tested on. Source: `engines` of the package. */
function nodeVersion(): Finding {
  const { node } = process.versions;
  const [major, minor] = node.split('.').map(Number) as [number, number];
  const known = major >= 26 || (major === 24 && minor >= 15) || (major === 22 && minor >= 22);
  if (known) return { id: 'node', level: 'ok', detail: [`Node ${node}`] };
  return { id: 'node', level: 'warn', detail: [`Node ${node}: use 22.22 or later, 24.15 or later, or 26`] };
}

/** The mode is in a provider key's prefix; the key itself is never shown. */
function keys({ env }: Context, mode: string | null): Finding | null {
  const key = env.STRIPE_SECRET_KEY;
  if (!key) return null;
  const of = /^(?:sk|rk)_(test|live)_/.exec(key)?.[1];
  const say = (level: Finding['level'], text: string): Finding => ({ id: 'payments', level, detail: [text] });
  if (of === undefined) return say('warn', 'STRIPE_SECRET_KEY is no secret or restricted key of Stripe');
  if (mode === null || of === mode) return say('ok', `STRIPE_SECRET_KEY is a ${of} key`);
  return say('warn', `STRIPE_SECRET_KEY is a ${of} key, the ledger is a ${mode} one: payments are refused`);
}

function render(findings: readonly Finding[], paint: Paint): string {
  const marks = { ok: paint.good('ok  '), warn: paint.bold('warn'), fail: paint.bad('FAIL') };
  const width = Math.max(...findings.map(({ id }) => id.length));
  return findings
    .flatMap(({ id, level, detail }) =>
      detail.map((line, index) =>
        index === 0
          ? `${marks[level]}  ${id.padEnd(width)}  ${printable(line)}`
          : `${' '.repeat(width + 8)}${printable(line)}`,
      ),
    )
    .join('\n');
}
