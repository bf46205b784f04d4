/** `credits help`: the page of a topic or of a command. */
import { editDistance } from '../../core/catalogue.ts';
import { invalid } from '../../core/errors.ts';
import type { CommandModule, Result } from '../command.ts';
import type { Context } from '../context.ts';
import { HELP_TOPICS, renderTopics } from '../render/help-topics.ts';
import { COMMANDS } from './index.ts';

/** The words after `help`; none: the list of commands and topics. */
export const help: CommandModule<readonly string[]> = {
  parse: ({ args }) => args,
  async run(context, words) {
    const [first = '', ...more] = words;
    const topic =
      more.length === 0 ? HELP_TOPICS.find(({ name }) => name === first.toLowerCase()) : undefined;
    return pageOf(topic?.page() ?? commandPage(context, words) ?? unknownTopic(words));
  },
};

function commandPage(context: Context, words: readonly string[]): string | undefined {
  const page = context.helpPage(words)?.trimEnd();
  return words.length === 0 && page !== undefined ? `${page}\n\n${renderTopics()}` : page;
}

/** The shape of every help page with `--json`. */
const pageOf = (text: string): Result => ({
  schema: 'credits.text/v1',
  json: () => ({ text }),
  text: () => text,
  verbatim: true,
});

/** @throws LedgerError `invalid_argument`, always, with near names in the hint */
function unknownTopic(words: readonly string[]): never {
  const wanted = words.join(' ').toLowerCase();
  const commands = COMMANDS.flatMap((group) => group.commands).filter(
    ({ hidden, name }) => !hidden && name !== '',
  );
  const names = [
    ...HELP_TOPICS.map(({ name }) => name),
    ...commands.flatMap(({ name }) => [name, name.split(' ')[0]!]),
  ];
  const near = [...new Set(names)]
    .map((name) => ({ name, distance: editDistance(wanted, name) }))
    .filter(({ name, distance }) => distance <= 2 || (wanted.length > 2 && name.startsWith(wanted)))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => `\`credits help ${name}\``);
  throw invalid(
    `there is no help on ${JSON.stringify(words.join(' '))}`,
    near.length === 0
      ? `the topics are ${HELP_TOPICS.map(({ name }) => name).join(', ')}; \`credits help\` lists the commands too`
      : `did you mean ${near.join(' or ')}?`,
  );
}
