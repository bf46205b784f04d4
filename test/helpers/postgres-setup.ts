/**
 * Lends every test file the folder of one PostgreSQL server, and ends the server when the run is over; also those of runs
 * that were killed and could not.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';
import { stopServer } from './postgres-server.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    postgresFolder: string;
  }
}

const PREFIX = 'credits-postgres-';
const OWNER = 'owner';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function end(folder: string): void {
  try {
    stopServer(folder, 'immediate');
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function endLeftovers(): void {
  for (const name of fs.readdirSync(os.tmpdir())) {
    const folder = path.join(os.tmpdir(), name);
    const owner = path.join(folder, OWNER);
    if (!name.startsWith(PREFIX) || !fs.existsSync(owner)) continue;
    try {
      if (!isAlive(Number(fs.readFileSync(owner, 'utf8')))) end(folder);
    } catch {
      // Another run does the same, or it is another user's.
    }
  }
}

export default function setup(project: TestProject): () => void {
  endLeftovers();
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), PREFIX));
  fs.writeFileSync(path.join(folder, OWNER), String(process.pid));
  project.provide('postgresFolder', folder);
  return () => end(folder);
}
