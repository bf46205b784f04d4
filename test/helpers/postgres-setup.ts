/** Lends every test file the folder of one PostgreSQL server, and ends the server when the run is over. */
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

export default function setup(project: TestProject): () => void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'credits-postgres-'));
  project.provide('postgresFolder', folder);
  return () => {
    stopServer(folder, 'immediate');
    fs.rmSync(folder, { recursive: true, force: true });
  };
}
