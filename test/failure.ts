/** Lines of an error that are repeated at the end of a run. */
const MAX_LINES = 12;

/** What a run repeats at its end of a test or hook that failed: where it is, and the first lines of its error. */
export function describeFailure({ file, title }: { file: string; title: string }, error: unknown): string {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const lines = text.split('\n').slice(0, MAX_LINES);
  return [`${file}: ${title}`, ...lines.map((line) => `    ${line}`)].join('\n');
}
