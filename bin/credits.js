#!/usr/bin/env node
'use strict';
// The launcher. It must run on any Node, so that an old one gets a sentence and not a crash: the native part of
// better-sqlite3 13 ends Node 20 with a segmentation fault. Keep the range equal to package.json's `engines.node`.
var version = process.versions.node.split('.').map(Number);
var major = version[0];
var minor = version[1];
var patch = version[2];
var supported =
  (major === 22 && (minor > 22 || (minor === 22 && patch >= 2))) ||
  (major === 24 && minor >= 15) ||
  major >= 26;
// A very old Node does not know the `node:` prefix.
var nodeModule = supported ? require('node:module') : null;
var message = `credits needs Node.js ^22.22.2 || ^24.15.0 || >=26, and this is ${process.versions.node}`;
var hint = 'install Node.js 24, or run it through the one this project pins: npx credits';
if (nodeModule === null) {
  process.stderr.write(
    process.argv.indexOf('--json') === -1
      ? `error: ${message}\nhint: ${hint}\n`
      : `${JSON.stringify({ error: { code: 'internal', message: message, hint: hint } })}\n`,
  );
  process.exitCode = 1;
} else {
  // Node warns on stderr when both are set; NO_COLOR wins here, so FORCE_COLOR goes first.
  if (process.env.NO_COLOR) delete process.env.FORCE_COLOR;
  if (nodeModule.enableCompileCache) nodeModule.enableCompileCache();
  require('../dist/cli-main.cjs').main();
}
