import { CliError } from './errors.ts';

// A Kubernetes qualified name: an optional DNS prefix, then up to 63 characters.
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Labels from `--label k=v …`; `undefined` for none. Throws `CliError` for a key that is no qualified name, or no value. */
export function labelsFrom(texts: readonly string[]): Readonly<Record<string, string>> | undefined {
  if (texts.length === 0) return undefined;
  return Object.fromEntries(
    texts.map((text): [string, string] => {
      const equals = text.indexOf('=');
      const [key, value] = [text.slice(0, Math.max(equals, 0)), text.slice(equals + 1)];
      if (equals <= 0 || value === '') throw new CliError(`invalid label ${text}: write it as key=value`);
      if (!LABEL_KEY.test(key)) throw new CliError(`invalid label key ${key}: it must be a Kubernetes qualified name`);
      return [key, value];
    }),
  );
}
