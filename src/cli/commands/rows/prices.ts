/** Rows of the table of commands: what calls cost, before they are made. */
import type { CommandSpec } from '../../command.ts';
import { MODELS } from './models.ts';

export const PRICES: readonly CommandSpec[] = [
  {
    name: 'estimate',
    aliases: ['est'],
    args: '[prompt]',
    summary: 'what a call would cost, before it is made',
    about:
      'Counts a prompt, files or a whole request, and prices them. Needs no ledger; with one it says how many such calls the balance pays for. `-` reads the prompt from stdin, as giving nothing does where nobody can be asked. Where settled holds show that a model takes more or fewer tokens than counted, the count is adjusted, and that is said. Nothing leaves this machine, except with --exact for a model whose tokenizer is not at hand.',
    options: [
      { flags: '-m, --model <model>', description: 'id, name or alias (CREDITS_MODEL)' },
      {
        flags: '--file <path>',
        description: 'a text file that goes with the prompt; repeatable',
        repeat: true,
      },
      { flags: '--system <path>', description: 'a file with the system text' },
      {
        flags: '--request <path>',
        description: 'the JSON body of a request instead; counts framing and tools too',
      },
      { flags: '--input-tokens <n>', description: 'the input in tokens, instead of a text' },
      { flags: '--cached-tokens <n>', description: 'of the input: read from a cache' },
      { flags: '--cache-write-tokens <n>', description: 'of the input: written to a cache' },
      {
        flags: '--output-tokens <n>',
        description: 'tokens expected in the answer (500 unless told, or as many as the model gives)',
      },
      {
        flags: '--max-output-tokens <n>',
        description: 'the most the answer may take: for the worst case (with --request: what its body says)',
      },
      { flags: '--compare', description: 'every model, cheapest first' },
      { flags: '--budget <credits>', description: 'exit 3 when it costs more' },
      { flags: '--check', description: 'exit 3 when the balance does not pay for it' },
      { flags: '--exact', description: "count with the model's own tokenizer, or ask its provider" },
      { flags: '--report', description: 'how far earlier estimates were off, by model' },
    ],
    examples: [
      'credits estimate "Summarise this page" -m haiku',
      'credits estimate -m haiku --input-tokens 1200 --output-tokens 300',
      'credits estimate --file report.txt --compare',
      'git diff | credits estimate - -m sonnet --max-output-tokens 2000 --budget 5',
    ],
    load: async () => (await import('../estimate.ts')).estimate,
  },
  ...MODELS,
];
