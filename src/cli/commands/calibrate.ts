/** `credits simulate calibrate`: fits a profile to recorded runs and states its error. Source: contract 7. */
import path from 'node:path';
import { invalid } from '../../core/errors.ts';
import { type Calibration, calibrate } from '../../core/simulate/calibrate.ts';
import type { RecordedRun } from '../../core/simulate/fit.ts';
import type { AgentRun, ScanReport } from '../../transcripts/call.ts';
import type { CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { openMarket } from '../market.ts';
import { renderCalibration } from '../render/calibration.ts';
import { readPaths } from '../replay/read.ts';
import { loadProfile } from '../simulate/load-profile.ts';
import { pricedModel } from '../simulate/market.ts';
import { writeProfile } from '../simulate/write-profile.ts';
import { type CalibrateRequest, parseCalibrate } from './calibrate-flags.ts';

/** Errors are shares of cost, so that the model matters little; this one is cheap and always there. */
const DEFAULT_MODEL = 'claude-haiku';

export const calibrateCommand: CommandModule<CalibrateRequest> = { parse: parseCalibrate, run };

/** Reads the runs, fits, and writes the profile where `-o` says. */
async function run(context: Context, request: CalibrateRequest): Promise<Result> {
  const market = await openMarket(context, false);
  const model = pricedModel(market, request.model ?? DEFAULT_MODEL);
  const blendWith = request.blend === null ? null : loadProfile(request.blend);
  const transcripts = await readPaths(context, request.paths, request.format);
  const runs = [...transcripts.runs()].map(recordedRun);
  if (runs.length === 0) {
    throw invalid(
      'no runs were found to fit a profile to',
      'name files or folders that `credits replay` reads',
    );
  }
  const fitted = calibrate({
    runs,
    name: request.name ?? nameAfter(request.output),
    // An own key pays nothing, and errors are shares of a price.
    card: { model: model.card.model, rates: model.rates ?? model.card.rates },
    seed: request.seed,
    blendWith,
  });
  const document = { schema: 'credits.profile/v1', ...fitted };
  if (request.output !== null) {
    writeProfile(request.output, document, Buffer.from(context.random(4)).toString('hex'));
  }
  for (const line of notesOf(fitted, transcripts.report, request)) context.notice(line);
  const { schema, ...fields } = document;
  return {
    schema,
    json: () => ({ ...fields, file: request.output }),
    text: () => renderCalibration(fitted, request.output),
  };
}

/** Runs of one task stay on one side of a split, which goes by the id without a trial number. */
const recordedRun = ({ id, task, rounds }: AgentRun, index: number): RecordedRun => ({
  id: task === undefined ? id : `${task}/${index}`,
  rounds,
});

const nameAfter = (file: string | null): string => (file === null ? 'calibrated' : path.parse(file).name);

function notesOf(fitted: Calibration, report: ScanReport, request: CalibrateRequest): string[] {
  const { badLineCount, unknownFormat, estimated } = report;
  return [
    ...(fitted.warning === null ? [] : [`warning: ${fitted.warning}`]),
    ...(badLineCount === 0 ? [] : [`${badLineCount} bad lines were left out: \`credits replay\` lists them`]),
    ...(unknownFormat.length === 0
      ? []
      : [`${unknownFormat.length} files of an unknown format were left out`]),
    ...(estimated === 0 ? [] : [`${estimated} rows that sum up several calls were left out`]),
    ...(request.output === null ? ['nothing was written: name a file with -o to use it with --profile'] : []),
  ];
}
