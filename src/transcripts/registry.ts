/** Every transcript format with the shapes it is written in. Adding one: an adapter file and a row here. */
import type { Format } from './call.ts';
import { FORMAT_NAMES } from './call.ts';
import { claudeLog } from './claude.ts';
import { claudeResult } from './claude-result.ts';
import { codexRollout } from './codex.ts';
import { codexExec } from './codex-exec.ts';
import { geminiDocument, geminiLog } from './gemini.ts';
import { miniSweAgent } from './mini-swe-agent.ts';
import { otelSpans } from './otel.ts';
import { plainRuns } from './plain.ts';
import type { Shape } from './shape.ts';
import type { Sniff } from './sniff.ts';
import { tau2 } from './tau2.ts';

/** One format. */
export interface FormatRow {
  /** As shown to people. */
  readonly label: string;
  /** Where its tool keeps the files: decides between formats whose content does not. */
  readonly place: RegExp;
  /** The tool writes a call before its counts are final, so that the last call of a file may still grow. */
  readonly grows: boolean;
  /** At least one; the first is taken when the format is forced and the content matches none. */
  readonly shapes: readonly [Shape, ...Shape[]];
}

/** The formats in the order in which they are tried. */
export const FORMATS = {
  claude: {
    label: 'Claude Code',
    place: /\/\.?claude\/projects\/.*\.jsonl$/,
    grows: true,
    shapes: [claudeLog, claudeResult],
  },
  codex: {
    label: 'Codex CLI',
    place: /\/rollout-[^/]*\.jsonl$/,
    grows: false,
    shapes: [codexRollout, codexExec],
  },
  gemini: {
    label: 'Gemini CLI',
    place: /\/\.gemini\/tmp\/.*\/session-[^/]*\.jsonl?$/,
    grows: true,
    shapes: [geminiLog, geminiDocument],
  },
  'mini-swe-agent': {
    label: 'mini-swe-agent',
    place: /\.traj\.json$/,
    grows: false,
    shapes: [miniSweAgent],
  },
  tau2: { label: 'tau2', place: /\/simulations\/[^/]*\.json$/, grows: false, shapes: [tau2] },
  otel: { label: 'OpenTelemetry GenAI', place: /\/otlp[^/]*\.jsonl?$/, grows: false, shapes: [otelSpans] },
  plain: { label: 'plain runs', place: /\.runs\.jsonl$/, grows: false, shapes: [plainRuns] },
} as const satisfies Record<Format, FormatRow>;

/** A format and the shape in which a file is written. */
export interface Detected {
  readonly format: Format;
  readonly shape: Shape;
}

/**
 * Recognises a file by content; where that names several formats or none, its place decides.
 * @param forced look only at the shapes of this format and take its first when none matches
 * @returns undefined when nothing knows the file
 */
export function detect(sniff: Sniff, forced?: Format): Detected | undefined {
  if (forced !== undefined) {
    const row: FormatRow = FORMATS[forced];
    return { format: forced, shape: row.shapes.find((shape) => shape.matches(sniff)) ?? row.shapes[0] };
  }
  const byContent: Detected[] = [];
  const byPlace: Detected[] = [];
  for (const format of FORMAT_NAMES) {
    const row: FormatRow = FORMATS[format];
    const shape = row.shapes.find((candidate) => candidate.matches(sniff));
    if (shape !== undefined) byContent.push({ format, shape });
    if (row.place.test(sniff.path)) byPlace.push({ format, shape: shape ?? row.shapes[0] });
  }
  if (byContent.length === 0) return byPlace[0];
  return byContent.find(({ format }) => byPlace.some((place) => place.format === format)) ?? byContent[0];
}
