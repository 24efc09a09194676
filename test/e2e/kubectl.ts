import { bed } from './bed.ts';
import { CommandError } from './cluster/commands.ts';

/** What kubectl said: its own words, warnings and refusals included. */
export interface Said {
  isRefused: boolean;
  output: string;
}

/** Runs kubectl and takes a refusal for an answer. */
export async function kubectl(args: readonly string[], input?: string): Promise<Said> {
  try {
    const output = await bed().kubectl(args, input === undefined ? {} : { input });
    return { isRefused: false, output };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { isRefused: true, output: `${error.stdout}${error.stderr}` };
  }
}

/** `kubectl apply -f -`, as a user does it. */
export function kubectlApply(yaml: string): Promise<Said> {
  return kubectl(['apply', '-f', '-'], yaml);
}
