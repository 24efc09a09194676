import { readFile, writeFile } from 'node:fs/promises';

/** One licence file that the list of contents found in a package. */
interface LicenceEvidence {
  license: { text?: { content: string; encoding?: string } };
}

interface Component {
  group?: string;
  name: string;
  version?: string;
  licenses?: { license?: { id?: string; name?: string }; expression?: string }[];
  evidence?: { licenses?: LicenceEvidence[] };
}

/** The part of a CycloneDX document that names packages and their licences. */
export interface ContentsList {
  components?: Component[];
}

function titleOf({ group, name, version, licenses = [] }: Component): string {
  const names = licenses.map(({ license, expression }) => license?.id ?? license?.name ?? expression ?? 'unknown');
  return `${group === undefined ? '' : `${group}/`}${name} ${version ?? ''} (${names.join(', ') || 'unknown'})`;
}

function textsOf({ evidence }: Component): string[] {
  const texts = (evidence?.licenses ?? []).flatMap(({ license: { text } }) => text ?? []);
  return texts.map(({ content, encoding }) =>
    (encoding === 'base64' ? Buffer.from(content, 'base64').toString() : content).trim(),
  );
}

const SEPARATOR = `\n${'-'.repeat(80)}\n\n`;

/**
 * Every licence text once, under the packages that it came with, in their order, and last the packages that bring none:
 * what the licences ask to be passed on.
 */
export function renderLicences({ components = [] }: ContentsList): string {
  const titles = new Map<string, string[]>();
  for (const component of components) {
    for (const text of textsOf(component)) titles.set(text, [...(titles.get(text) ?? []), titleOf(component)]);
  }
  const bare = components.filter((component) => textsOf(component).length === 0).map(titleOf);
  const sections = [...titles].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`);
  if (bare.length > 0) sections.push(`${bare.join('\n')}\n\nThese bring no licence text of their own.\n`);
  return sections.join(SEPARATOR);
}

/**
 * Moves the licence texts out of the contents list at `file` (CycloneDX JSON) into `licencesFile`: each once is 0.1 MiB,
 * once a package 1.1 MiB (2026-11-21).
 */
export async function moveLicences(file: string, licencesFile: string): Promise<void> {
  const list = JSON.parse(await readFile(file, 'utf8')) as ContentsList;
  await writeFile(licencesFile, renderLicences(list));
  for (const component of list.components ?? []) delete component.evidence;
  await writeFile(file, `${JSON.stringify(list, null, 1)}\n`);
}
