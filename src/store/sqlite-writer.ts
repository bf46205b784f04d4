/**
 * Fills a new SQLite file from the lines of an export. Without a journal and without waiting for the disk: the file has
 * no name of its own yet, and is thrown away when anything goes wrong.
 */
import fs from 'node:fs';
import { SCHEMA_VERSION, sqliteSteps } from '../../migrations/index.ts';
import { detailText } from '../core/chain.ts';
import { FOLD_EVERY } from '../core/usage.ts';
import type { LedgerWriter } from '../ledger/export/restore-lines.ts';
import { accountRow, entryRow, holdRow, isLive, lotRow, receiptRow, usageRow } from './rows.ts';
import { settingInsert } from './settings.ts';
import { APPLICATION_ID, connect } from './sqlite-file.ts';
import { writeWallet } from './sqlite-payments.ts';
import { statements } from './sqlite-statements.ts';

/**
 * Makes a file (0600) and lets it be filled.
 * @param fill what it throws passes through; the file is then the caller's to remove
 */
export async function writeSqlite<T>(file: string, fill: (writer: LedgerWriter) => Promise<T>): Promise<T> {
  fs.closeSync(fs.openSync(file, 'wx', 0o600));
  const db = connect(file, false);
  try {
    db.pragma('journal_mode = OFF');
    db.pragma('synchronous = OFF');
    db.pragma('foreign_keys = OFF');
    db.exec('BEGIN');
    for (const step of sqliteSteps(0)) db.exec(step);
    db.pragma(`application_id = ${APPLICATION_ID}`);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
    const result = await fill(writerOver(statements(db)));
    db.exec('COMMIT');
    return result;
  } finally {
    db.close();
  }
}

function writerOver(sql: ReturnType<typeof statements>): LedgerWriter {
  return {
    ledger: ({ mode, createdAt }) => sql('insertLedger').run(mode, createdAt),
    setting(row) {
      const { statement, values } = settingInsert(row);
      sql(statement).run(...values);
    },
    receipt(account, { receipt, entries, usage }, hash) {
      sql('insertReceipt').run(account, ...receiptRow(receipt, detailText(receipt.detail), hash));
      for (const entry of entries) sql('insertEntry').run(account, ...entryRow(entry));
      if (usage !== null) sql('insertUsage').run(account, ...usageRow(usage));
    },
    lot: (account, lot) => sql('insertLot').run(account, ...lotRow(lot), isLive(lot)),
    hold: (account, hold) => sql('insertHold').run(account, ...holdRow(hold)),
    wallet(account, { policy, card, attempts }) {
      const money = { ...(policy === null ? {} : { policy }), ...(card === null ? {} : { card }) };
      writeWallet(sql, account, { ...money, attempts: [...attempts.values()] });
    },
    book: ({ id, body }) => sql('putBook').run(id, body),
    account(account) {
      sql('insertAccount').run(...accountRow(account));
      const { no, receiptSeq } = account;
      const folded = receiptSeq - (receiptSeq % FOLD_EVERY);
      if (folded === 0) return;
      sql('foldUsage').run(no, 0, folded);
      sql('markFolded').run(no, folded);
    },
  };
}
