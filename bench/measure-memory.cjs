// Preloaded into measured processes: reports the most memory the process had, in KiB, on exit. Of Linux's own account, since
// what getrusage tells begins with the memory of the process that started this one.
process.on('exit', () => {
  const fs = require('node:fs');
  fs.writeSync(3, `${/^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]}\n`);
});
