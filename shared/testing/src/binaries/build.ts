import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, cachedPath, findOnPath, type Environment } from './locate.ts';
import { pins, type BinaryName } from './pins.ts';

/** The go.mod and go.sum files of ours, one folder a module. */
const goFolder = fileURLToPath(new URL('../../go/', import.meta.url));

/**
 * Generated code, and what runs once or is not asked by Mooring: compiled without inlining, which takes a quarter less of the compiler's time.
 * The same for every program, because packages are shared.
 */
const NOT_INLINED = [
  'helm.sh/helm/v4',
  'k8s.io/api',
  'k8s.io/cli-runtime',
  'k8s.io/client-go/applyconfigurations',
  'k8s.io/client-go/informers',
  'k8s.io/client-go/kubernetes',
  'k8s.io/client-go/listers',
  'k8s.io/kubectl',
  'k8s.io/kubernetes',
  'github.com/fluxcd/cli-utils',
  'github.com/google/gnostic-models',
  'github.com/tetratelabs/wazero',
  'oras.land/oras-go/v2',
  'sigs.k8s.io/controller-runtime',
  'sigs.k8s.io/kustomize',
];

/** Lines of the compiler's output that a failure shows. */
const SHOWN_LINES = 15;

/** The programs could be neither found nor built. */
export class BinaryUnavailableError extends Error {
  constructor(name: string, cause: string, options?: ErrorOptions) {
    super(`failed to provide binary '${name}': ${cause}`, options);
    this.name = 'BinaryUnavailableError';
  }
}

/** Throws one message that says what to install, when there is no Go to build `names` with. */
export function requireGo(names: readonly string[], env: Environment): string {
  const go = findOnPath('go', env);
  if (go !== undefined) return go;
  throw new BinaryUnavailableError(
    names.join(', '),
    `not in KUBEBUILDER_ASSETS, on PATH or in '${join(cacheFolder(env), 'bin')}', and Go is not installed; ` +
      'install Go 1.26 or newer (they are then built once, about 7 minutes), or put the programs on PATH',
  );
}

/** Runs Go with its output in `logFile`; the exit code. Ends with this process. */
export async function runGo(go: string, args: string[], options: { cwd: string; logFile: string; env: Environment }) {
  const log = createWriteStream(options.logFile);
  const child = spawn(go, args, {
    cwd: options.cwd,
    // -mod=readonly and an empty GOFLAGS: go.sum decides, whatever the user's settings for other work are.
    env: { ...options.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off', GO111MODULE: 'on' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // A build goes on by itself when this process ends, and nobody would see its end.
  const end = () => child.kill();
  process.once('exit', end);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  process.off('exit', end);
  await new Promise((resolve) => log.end(resolve));
  return code;
}

/**
 * Builds one pinned program into the cache and returns its path. It is linked under a temporary name and renamed, so a
 * build that is killed leaves nothing that looks whole. Throws BinaryUnavailableError with the compiler's last lines.
 */
export async function buildBinary(name: BinaryName, env: Environment = process.env): Promise<string> {
  const go = requireGo([name], env);
  const pin = pins[name];
  const target = cachedPath(name, env);
  const draft = `${target}.building`;
  const logFile = join(cacheFolder(env), 'logs', `build-${name}.log`);
  await mkdir(dirname(target), { recursive: true });
  await mkdir(dirname(logFile), { recursive: true });
  const ldflags = `-s -w ${pin.ldflags}`.trimEnd();
  const compiler = NOT_INLINED.map((path) => `-gcflags=${path}/...=-l`);
  const args = ['build', '-mod=readonly', '-trimpath', ...compiler, '-ldflags', ldflags, '-o', draft, pin.package];
  const code = await runGo(go, args, { cwd: join(goFolder, pin.module), logFile, env });
  if (code !== 0) {
    const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
    await rm(draft, { force: true });
    throw new BinaryUnavailableError(name, `go build ended with ${String(code)}, see '${logFile}':\n${lines}`);
  }
  await rename(draft, target);
  return target;
}
