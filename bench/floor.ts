/** The floor: bare durable one-row INSERT transactions on SQLite, FULL and WAL as the ledger has them. */
import Database from 'better-sqlite3';

/** Runs n transactions of one INSERT each; returns seconds of wall time. */
export function floorSeconds(file: string, n: number): number {
  const db = new Database(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(
    'CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, account INTEGER, amount INTEGER, note TEXT) STRICT',
  );
  const insert = db.prepare('INSERT INTO t (account, amount, note) VALUES (?, ?, ?)');
  const start = performance.now();
  for (let i = 0; i < n; i++) {
    db.exec('BEGIN IMMEDIATE');
    insert.run(i % 97, i, 'a row of a floor');
    db.exec('COMMIT');
  }
  const seconds = (performance.now() - start) / 1_000;
  db.close();
  return seconds;
}
