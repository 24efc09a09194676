/** The configuration is wrong; the process must not start. `problems`: one line a setting, with its cure. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** The user has to act: retrying does not help. */
  readonly kind = 'stalled';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], cause?: unknown) {
    super(`failed to load configuration: ${problems.join('; ')}`, cause === undefined ? undefined : { cause });
    this.problems = problems;
  }
}
