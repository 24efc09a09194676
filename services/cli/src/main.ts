import { run } from './app.ts';

// A closed pipe (`mooring backup ls … | head`) is no error worth a stack trace.
process.stdout.on('error', () => {
  process.exitCode = 0;
});
process.exitCode = await run(process.argv.slice(2), {
  environment: process.env,
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
  now: () => new Date(),
  isTerminal: process.stderr.isTTY,
});
