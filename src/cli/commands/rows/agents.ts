/** Rows of the table of commands: what agent runs cost, before and after them. */
import type { CommandSpec, OptionSpec } from '../../command.ts';

const MODEL = '-m, --model <model>';

/** Other tools call a cap on model calls otherwise. */
const MAX_ROUNDS: readonly OptionSpec[] = [
  { flags: '--max-rounds <n>', description: 'most rounds (model calls) of a run (25)' },
  { flags: '--maxRounds <n>', description: 'as --max-rounds', hidden: true, as: 'maxRounds' },
  { flags: '--max-turns <n>', description: 'as --max-rounds', hidden: true, as: 'maxRounds' },
];

export const AGENTS: readonly CommandSpec[] = [
  {
    name: 'simulate',
    aliases: ['sim'],
    summary: 'what agent runs would cost, as a distribution or exactly',
    about:
      'A round is one model call; every round sends the whole context again. With --base-tokens, --tool-tokens and --output-tokens one run is priced exactly; otherwise runs are drawn from a profile. The budget, else the balance, is what a run is held against. Needs no ledger.\n\n`credits simulate calibrate` fits a profile to recorded runs; `--profile FILE` uses it.\n\nWhat others call a cap on rounds: stepCountIs (Vercel AI SDK), maxTurns (OpenAI Agents SDK), --max-turns (Claude Code), max_steps (smolagents), step_limit (mini-swe-agent). LangGraph’s recursion limit counts about 4 steps per tool call.',
    options: [
      { flags: MODEL, description: 'id, name or alias (CREDITS_MODEL)' },
      ...MAX_ROUNDS,
      { flags: '--base-tokens <n>', description: 'input of round 1: system prompt, tools and task' },
      { flags: '--tool-tokens <n>', description: 'exact: what tool results add after each round' },
      { flags: '--output-tokens <n>', description: 'exact: output of each round' },
      { flags: '--profile <profile>', description: 'coding, service, service-large, or a file (coding)' },
      { flags: '--runs <n>', description: 'runs to draw (10000)' },
      { flags: '--seed <n>', description: 'the same seed gives the same runs (1)' },
      { flags: '--budget <credits>', description: 'what a run is held against, instead of the balance' },
      { flags: '--check', description: 'exit 3 when it does not fit, or runs out with a chance above 5 %' },
      {
        flags: '--cache <style>',
        description: 'price re-sent context as none, anthropic or openai do (none)',
      },
      { flags: '--compact-at <tokens>', description: 'summarise a context that passes this' },
      { flags: '--compact-to <tokens>', description: 'tokens of the summary it goes on with' },
      { flags: '--parallel-agents <k>', description: 'runs that share one budget (1)' },
      { flags: '--compare', description: 'the same runs on every model' },
      { flags: '--plot', description: 'cost by round and a histogram, in the terminal' },
      { flags: '--html <file>', description: 'write a page with charts; it needs nothing else' },
    ],
    examples: [
      'credits simulate -m haiku --max-rounds 50 --budget 200',
      'credits simulate -m sonnet --base-tokens 6000 --tool-tokens 800 --output-tokens 400',
      'credits simulate -m 4o --profile service --compare',
      'credits simulate -m haiku --profile mine.json --html report.html',
    ],
    load: async () => (await import('../simulate.ts')).simulate,
  },
  {
    name: 'simulate calibrate',
    args: '<paths...>',
    summary: 'fit a profile to recorded runs, and state its error',
    about:
      'Reads what `credits replay` reads, and fits how many rounds a run takes and how its context grows. The error is that of predicting tasks that were left out of the fit, beside the error of one half of the data against the other. `credits simulate --profile FILE` uses the profile. Leave out runs that a provider error ended early. Fewer than 10 runs say little: --blend draws them towards a profile that is known.',
    options: [
      { flags: '-o, --output <file>', description: 'where to write the profile' },
      { flags: '--name <name>', description: 'what to call it (the file’s name)' },
      {
        flags: '--blend <profile>',
        description: 'blend few runs with coding, service, service-large or a file',
      },
      {
        flags: '--format <format>',
        description: 'claude, codex, gemini, mini-swe-agent, tau2, otel or plain',
      },
      { flags: MODEL, description: 'whose rates the errors are told in (claude-haiku)' },
      { flags: '--seed <n>', description: 'the same seed splits the runs alike (1)' },
    ],
    examples: [
      'credits simulate calibrate runs/ -o mine.json',
      'credits simulate calibrate ~/.claude/projects -o mine.json --blend coding',
    ],
    load: async () => (await import('../calibrate.ts')).calibrateCommand,
  },
  {
    name: 'replay',
    args: '<paths...>',
    summary: 'what recorded agent runs cost, here and elsewhere',
    about:
      'Reads transcripts of Claude Code, Codex CLI, Gemini CLI, mini-swe-agent, tau2, OpenTelemetry GenAI spans, and plain JSON Lines with one run a line; folders are searched. Counts each call once and prices it at the rate of its own time. Says where a cap, or the budget or balance for each run, would have stopped it: the first round that would not have taken place. Needs no ledger, and books nothing unless --charge says so: then each call under its own key, so that the same transcripts again book nothing twice.',
    options: [
      { flags: MODEL, description: 'price every call as this model (CREDITS_MODEL)' },
      {
        flags: '--map <from=to>',
        description: 'price calls of one model as another; repeatable',
        repeat: true,
      },
      ...MAX_ROUNDS,
      { flags: '--budget <credits>', description: 'what each run is held against, instead of the balance' },
      {
        flags: '--format <format>',
        description: 'claude, codex, gemini, mini-swe-agent, tau2, otel or plain',
      },
      { flags: '--compare', description: 'the same calls on every model, also with cache rates' },
      { flags: '--charge', description: 'book the calls' },
    ],
    examples: [
      'credits replay ~/.claude/projects -m haiku',
      'credits replay runs.jsonl --map gpt-5=4o --compare',
      'credits replay ~/.codex/sessions -m 4o --charge --dry-run',
    ],
    writes: true,
    load: async () => (await import('../replay.ts')).replay,
  },
];
