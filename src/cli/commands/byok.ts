/** `credits byok list|add|remove`: providers paid with the account's own key. Source: contract 5.10, 6. */
import { knownProvider } from '../../catalog/providers.ts';
import { invalid } from '../../core/errors.ts';
import type { ByokInput, ByokView } from '../../ledger/service.ts';
import type { CommandInput, CommandModule, Result } from '../command.ts';
import { textOption } from '../read-input.ts';
import { renderTable } from '../render/table.ts';
import { writeOptions } from './receipt-result.ts';

const answer = (view: ByokView, text: () => string): Result => ({
  schema: 'credits.byok/v1',
  json: () => ({
    account: view.account,
    providers: view.providers,
    ...(view.receipt === null
      ? {}
      : { receipt: view.receipt.receipt, replayed: view.receipt.replayed, dryRun: view.receipt.dryRun }),
  }),
  text,
  unchanged: view.receipt === null || view.receipt.replayed,
});

export const byokList: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const view = await (await context.service()).byok(context.account);
    return { ...answer(view, () => renderList(view, context.terminal.tableColumns)), unchanged: false };
  },
};

function renderList(view: ByokView, columns: number): string {
  if (view.providers.length === 0) {
    return `${view.account} pays every provider with credits.\nAdd an own key with \`credits byok add PROVIDER\`.`;
  }
  return renderTable(
    [{ title: 'Provider' }, { title: 'Key in' }],
    view.providers.map(({ provider, env }) => [provider, env ?? 'not named']),
    { columns },
  );
}

const change = (action: ByokInput['action']): CommandModule<ByokInput> => ({
  parse(input: CommandInput) {
    const provider = input.args[0]!;
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(provider)) {
      throw invalid(`${JSON.stringify(provider)} is no provider name`, 'for example openai or anthropic');
    }
    return { action, provider, env: action === 'add' ? textOption(input, 'env') : null };
  },
  async run(context, input) {
    const ledger = await context.service();
    const view = await ledger.changeByok(context.account, input, writeOptions(context));
    return answer(view, () => renderChange(view, input));
  },
});

export const byokAdd = change('add');
export const byokRemove = change('remove');

function renderChange({ account, providers, receipt }: ByokView, { action, provider }: ByokInput): string {
  const id = provider.toLowerCase();
  const name = knownProvider(id)?.name ?? id;
  const dry = receipt?.dryRun === true ? 'Dry run: ' : '';
  const again = receipt === null || receipt.replayed ? '\nThat was so already: nothing changed.' : '';
  if (action === 'remove') return `${dry}${account} pays ${name} with credits again.${again}`;
  const env = providers.find((row) => row.provider === id)?.env ?? null;
  const where = env === null ? '' : ` (${env})`;
  return `${dry}${account} pays ${name} with a key of its own${where}: its calls cost 0 credits and are still recorded.${again}`;
}
