import { startEmbedded, type Embedded, type EmbeddedOptions } from './embedded/embedded.ts';
import { parseStartOptions, UsageError, type StartOptions } from './embedded/options.ts';
import { keepReadyFile } from './embedded/ready-file.ts';
import { onStopRequest } from './embedded/signals.ts';
import { renderSummary } from './embedded/summary.ts';

/** The program behind `npm start`. */

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Exit code of a program ended by Ctrl-C. */
const EXIT_INTERRUPTED = 130;

/** How long a start that is asked to stop may take to clear away. */
const START_GRACE_MS = 10_000;

/** A start that ends because it was asked to is no error. */
async function startOrStop(signal: AbortSignal, options: EmbeddedOptions): Promise<Embedded> {
  try {
    return await startEmbedded({ ...options, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    say('stopped');
    process.exit(0);
  }
}

async function run(options: StartOptions): Promise<void> {
  const startedAt = performance.now();
  const stopping = new AbortController();
  const running: { embedded?: Embedded } = {};
  const readyFile = keepReadyFile(options.readyFile, say);
  const stop = async (why: string) => {
    say(`stopping (${why}) …`);
    stopping.abort(new Error('stopped while starting'));
    await readyFile.remove();
    const { embedded } = running;
    if (embedded === undefined) {
      // The start notices soon and clears away; a build of the programs would not: the watchdog ends what is left.
      setTimeout(() => process.exit(EXIT_INTERRUPTED), START_GRACE_MS).unref();
      return;
    }
    await embedded.stop();
    say('stopped');
    process.exit(0);
  };
  // Impatience: the watchdog ends the children once this process is gone.
  onStopRequest(
    (why) => void stop(why),
    () => process.exit(EXIT_INTERRUPTED),
  );
  const embedded = await startOrStop(stopping.signal, {
    dataDir: options.dataDir,
    sample: options.hasSample,
    namespace: options.namespace,
    say,
    onFolderHeld: readyFile.hold,
    onRestart: () => {
      if (running.embedded !== undefined) readyFile.write(running.embedded);
    },
    fromSources: process.env['MOORING_START_SOURCES'] === 'true',
  });
  running.embedded = embedded;
  const { controlPlane, kubeconfig, namespace, timings } = embedded;
  const { hasSample, dataDir } = options;
  const elapsedMs = performance.now() - startedAt;
  say(await renderSummary({ api: controlPlane.api, kubeconfig, namespace, hasSample, dataDir, elapsedMs, timings }));
  readyFile.write(embedded);
  await embedded.showBackups();
}

async function main(): Promise<void> {
  // A closed pipe on the other side must not take everything down.
  process.stdout.on('error', () => undefined);
  try {
    await run(parseStartOptions(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd()));
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${text}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  }
}

await main();
