import { credentialKeys } from '@mooring/api';
import { openStore, type ObjectStore } from '@mooring/backupstore';
import { CliError, toCliError } from './errors.ts';
import { formatLogLine } from './log-line.ts';

/** What the command line has of the world; tests give their own. */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly now: () => Date;
  /** Whether stderr is a terminal that can show a progress bar; default false. */
  readonly isTerminal?: boolean;
}

/** How the errors of a command are shown: as text on stdout (what longhorn-manager greps), or only in the log on stderr. */
export type ErrorChannel = 'stdout' | 'log';

/** What a command runs with. */
export interface Context {
  readonly world: World;
  /** Opens the store of a destination URL with the credentials of the environment. */
  readonly open: (url: string) => Promise<ObjectStore>;
  /** Writes a line to the log on stderr. */
  readonly log: (level: 'warning' | 'error' | 'fatal', message: string, error?: string) => void;
}

/** Makes the context of one run. */
export function createContext(world: World): Context {
  return {
    world,
    open: async (url) => {
      if (url === '') throw new CliError("destination URL hasn't been specified");
      try {
        return await openStore({ url, credentials: credentialsFrom(world.environment) });
      } catch (error) {
        throw new CliError(toCliError(error, url).message, { cause: error });
      }
    },
    log: (level, message, error) => {
      world.stderr(formatLogLine({ time: world.now(), level, message, ...(error !== undefined && { error }) }));
    },
  };
}

/** Runs one command: its result goes to stdout; an error to its channel. The exit code. */
export async function runCommand(
  context: Context,
  errors: ErrorChannel,
  command: () => Promise<string>,
): Promise<number> {
  try {
    context.world.stdout(await command());
    return 0;
  } catch (error) {
    const { message, exitCode } = toCliError(error);
    if (errors === 'stdout') context.world.stdout(`${message}\n`);
    if (errors === 'stdout') context.log('error', message);
    else context.log('fatal', 'Error running command', message);
    return exitCode;
  }
}

// Longhorn's names of the environment variables are those of the Secret's keys; lower-case proxies are read too.
function credentialsFrom(environment: World['environment']): Record<string, string> {
  const names = Object.keys(credentialKeys).flatMap((name) => [name, name.toLowerCase()]);
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}
