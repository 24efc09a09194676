/** One line of the log on stderr. */
export interface LogLine {
  readonly time: Date;
  readonly level: 'warning' | 'error' | 'fatal';
  readonly message: string;
  readonly error?: string;
}

/** `time="2026-01-02T03:04:05Z" level=error msg="…" error="…"` and a newline: the form Longhorn's own log has (logrus). */
export function formatLogLine({ time, level, message, error }: LogLine): string {
  const at = `${time.toISOString().slice(0, 19)}Z`;
  const cause = error === undefined ? '' : ` error=${quote(error)}`;
  return `time=${quote(at)} level=${level} msg=${quote(message)}${cause}\n`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
