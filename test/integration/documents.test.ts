import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { reasons } from '@mooring/api';
import { serviceConfigSchema } from '@mooring/config';
import { metricCatalog } from '@mooring/telemetry';
import { expect } from 'chai';

const REPOSITORY = join(import.meta.dirname, '../..');
const IGNORED = new Set(['node_modules', 'dist', 'coverage', 'fixtures', 'go']);

/** Paths of all files of the project, relative to it. */
function files(folder = REPOSITORY): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (IGNORED.has(entry.name) || (entry.isDirectory() && /^\.(?!ci|lint)/.test(entry.name))) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? files(path) : [relative(REPOSITORY, path)];
  });
}

function read(path: string): string {
  return readFileSync(join(REPOSITORY, path), 'utf8');
}

/** Text outside of code blocks. */
function prose(markdown: string): string {
  return markdown.replace(/^```.*?^```$/gms, '');
}

/** As GitHub makes anchors of headings. */
function anchors(markdown: string): string[] {
  return [...prose(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

const ALL = files();
const DOCUMENTS = ALL.filter((path) => path.endsWith('.md'));
const SOURCES = ALL.filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.startsWith('test/'));

describe('the documents', () => {
  for (const path of DOCUMENTS) {
    it(`${path} links only to what exists`, () => {
      const broken = [...prose(read(path)).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => {
          const [file = '', anchor] = link.split('#');
          const target = file === '' ? path : join(dirname(path), file);
          if (!existsSync(join(REPOSITORY, target))) return true;
          return anchor !== undefined && !anchors(read(target)).includes(anchor);
        });
      expect(broken).to.deep.equal([]);
    });
  }

  it('name only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = DOCUMENTS.flatMap((path) =>
      [...read(path).matchAll(/npm (?:run ([\w:-]+)|(test|start)\b)/g)].map(([, run, short]) => run ?? short ?? ''),
    );
    expect(named).to.include.members(['start', 'test', 'lint']);
    expect(named.filter((name) => !(name in scripts))).to.deep.equal([]);
  });

  it('exist for every package and service', () => {
    const workspaces = ['shared', 'services'].flatMap((folder) =>
      readdirSync(join(REPOSITORY, folder)).map((name) => `${folder}/${name}`),
    );
    expect(workspaces.filter((folder) => !existsSync(join(REPOSITORY, folder, 'README.md')))).to.deep.equal([]);
  });

  it('describe no metric that the source does not make', () => {
    const made = SOURCES.filter((path) => !path.endsWith('/catalog.ts'))
      .map(read)
      .join('');
    expect(Object.keys(metricCatalog).filter((name) => !made.includes(`'${name}'`))).to.deep.equal([]);
  });

  it('give a cure for every reason that a condition can have', () => {
    const described = [...read('docs/targets.md').matchAll(/^\| `([A-Za-z]+)` \|/gm)].map(([, name = '']) => name);
    expect(described).to.include.members(Object.keys(reasons));
    expect(described).to.have.length(new Set(described).size);
  });

  it('list every common setting with its default', () => {
    const table = read('shared/config/README.md');
    for (const [property, setting] of Object.entries(serviceConfigSchema.properties)) {
      expect(table).to.include(`\`${setting.variable}\``);
      expect(table).to.include(`\`${property}\``);
      if ('default' in setting) expect(table).to.include(String(setting.default));
    }
  });
});

describe('the files of the project', () => {
  it('name no machine, no registry and no user', () => {
    const local =
      /(?<![\w.@/-])\/(?:work|root|Users|home(?!\/user\b))\/[\w.-]+|"resolved": "https?:|_authToken|:\/\/[\w.-]*(?:artifactory|nexus|verdaccio)/;
    const text = /\.(ts|js|cjs|json|md|ya?ml|tpl|mod|sum|sh)$|(^|\/)(run|LICENSE|\.npmrc|\.gitignore)$/;
    const found = ALL.filter((path) => text.test(path) && path !== 'test/integration/documents.test.ts')
      .filter((path) => statSync(join(REPOSITORY, path)).size < 2 ** 21)
      .flatMap((path) => {
        const [match] = local.exec(read(path)) ?? [];
        return match === undefined ? [] : [`${path}: ${match}`];
      });
    expect(found).to.deep.equal([]);
  });

  it('lock the optional packages of every platform, not only of the one where npm ran', () => {
    interface Locked {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    }
    const { packages } = JSON.parse(read('package-lock.json')) as Locked;
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !(`${path}/node_modules/${name}` in packages) && !(`node_modules/${name}` in packages),
      ),
    );
    expect(missing).to.deep.equal([]);
  });
});
