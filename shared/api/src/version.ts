/** Version of this release, `<major>.<minor>.<patch>[-<pre-release>]`. A test keeps it equal to the packages' and the chart's. */
export const MOORING_VERSION = '0.1.0';

/**
 * Orders two versions as semver does: negative when `a` is the older one, 0 when they are equal, else positive. A leading
 * `v` and build metadata (`+…`) do not count; what is no number counts as 0, so that nonsense is older than any release. Pure.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  for (const [at, number] of left.numbers.entries()) {
    const difference = number - (right.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.suffix === '' || right.suffix === '') return Number(left.suffix === '') - Number(right.suffix === '');
  return compareSuffixes(left.suffix.split('.'), right.suffix.split('.'));
}

function parse(version: string): { numbers: number[]; suffix: string } {
  const [, core = '', suffix = ''] = /^v?([^-+]*)(?:-([^+]*))?/.exec(version.trim()) ?? [];
  const parts = core.split('.');
  return { numbers: [0, 1, 2].map((at) => (isNumber(parts[at] ?? '') ? Number(parts[at]) : 0)), suffix };
}

/** Semver §11.4: numbers by value and before texts, texts by code unit, fewer parts before more. */
function compareSuffixes(a: readonly string[], b: readonly string[]): number {
  for (const [at, part] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    if (part === other) continue;
    if (isNumber(part) && isNumber(other)) return Number(part) - Number(other);
    if (isNumber(part) !== isNumber(other)) return isNumber(part) ? -1 : 1;
    return part < other ? -1 : 1;
  }
  return a.length - b.length;
}

function isNumber(text: string): boolean {
  return /^[0-9]+$/.test(text);
}
