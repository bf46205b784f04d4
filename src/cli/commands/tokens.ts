/** `credits tokens list|create|revoke`: who may use a served ledger. Source: contract 2 (revoking asks), 5.11, 6, 8. */
import { invalid } from '../../core/errors.ts';
import { formatInstant } from '../../core/time.ts';
import type { AccessRole, AccessTokenView } from '../../ledger/service.ts';
import type { CommandModule } from '../command.ts';
import { choiceOption } from '../read-input.ts';
import { styleFor } from '../render/style.ts';
import { renderTable } from '../render/table.ts';
import { writeOptions } from './receipt-result.ts';

const ROLES = ['read', 'spend', 'admin'] as const;

const whose = ({ role, account }: Pick<AccessTokenView, 'role' | 'account'>): string =>
  `${role}, ${account === null ? 'every account' : `account ${account}`}`;

const tokenJson = ({ id, role, account, madeAt, endedAt }: AccessTokenView) => ({
  id,
  role,
  account,
  createdAt: formatInstant(madeAt),
  revokedAt: endedAt === null ? null : formatInstant(endedAt),
});

export const tokensList: CommandModule<null> = {
  parse: () => null,
  async run(context) {
    const views = await (await context.tokens()).list();
    return {
      schema: 'credits.tokens/v1',
      json: () => ({ tokens: views.map(tokenJson) }),
      text: async () => {
        if (views.length === 0)
          return 'No access tokens. Make one with `credits tokens create --role spend`.';
        const { calendar, paint } = await styleFor(context, 'UTC', context.now());
        return renderTable(
          [
            { title: 'Token' },
            { title: 'Role' },
            { title: 'Account' },
            { title: 'Created' },
            { title: 'Revoked' },
          ],
          views.map(({ id, role, account, madeAt, endedAt }) => [
            id,
            role,
            account ?? 'every account',
            calendar.day(madeAt),
            endedAt === null ? '' : calendar.day(endedAt),
          ]),
          { columns: context.terminal.tableColumns, heading: paint.dim },
        );
      },
    };
  },
};

export const tokensCreate: CommandModule<{ readonly role: AccessRole }> = {
  parse(input) {
    const role = choiceOption(input, 'role', ROLES);
    if (role === null) throw invalid('what may the token do? Say --role read, spend or admin');
    return { role };
  },

  async run(context, { role }) {
    const { accountGiven, account } = context.globals;
    const admin = await context.tokens();
    const made = await admin.create({ role, account: accountGiven ? account : null }, writeOptions(context));
    const { receipt } = made;
    return {
      schema: 'credits.token/v1',
      json: () => ({
        id: made.id,
        token: made.token,
        role: made.role,
        account: made.account,
        createdAt: formatInstant(made.madeAt),
        receipt: receipt!.receipt,
        replayed: receipt!.replayed,
        dryRun: receipt!.dryRun,
      }),
      text() {
        if (made.id === null) return `Dry run: would make a token (${whose(made)}).\nNothing was booked.`;
        if (made.token === null) {
          return `${made.id} (${whose(made)}) was made before with this key; it was shown then.`;
        }
        context.notice('this is shown once: keep it where secrets are kept');
        return `${made.id} (${whose(made)})\n${made.token}`;
      },
      unchanged: receipt!.replayed,
    };
  },
};

export const tokensRevoke: CommandModule<{ readonly id: string }> = {
  parse: (input) => ({ id: input.args[0]! }),

  async run(context, { id }) {
    const admin = await context.tokens();
    const before = await admin.find(id);
    const { dryRun } = context.globals;
    if (before.endedAt === null && !dryRun)
      await context.confirm(`Revoke ${id} (${whose(before)}) for good?`);
    const view = await admin.revoke(id, writeOptions(context));
    const { receipt } = view;
    return {
      schema: 'credits.token/v1',
      json: () => ({
        ...tokenJson(view),
        receipt: receipt?.receipt ?? null,
        replayed: receipt?.replayed ?? false,
        dryRun,
      }),
      text() {
        if (before.endedAt !== null) return `${id} was revoked before: nothing changed.`;
        return dryRun
          ? `Dry run: would revoke ${id} (${whose(view)}).\nNothing was booked.`
          : `Revoked ${id} (${whose(view)}).`;
      },
      unchanged: receipt === null || receipt.replayed,
    };
  },
};
