import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, matchesGlob } from 'node:path';
import { MOVER_NODE_FLAGS } from '@mooring/backupstore';
import { expect } from 'chai';
import { parse } from 'yaml';
import { bundleEntries } from './bundle.ts';
import { repositoryFolder } from './repository.ts';
import { IMAGES } from './services.ts';

interface Artifact {
  image: string;
  docker?: { buildArgs: Record<string, string> };
  custom?: { buildCommand: string; dependencies: { paths: string[]; ignore: string[] } };
}

interface Skaffold {
  build: { artifacts: Artifact[] };
  deploy: { helm: { releases: [{ setValueTemplates: Record<string, string> }] } };
  profiles: { name: string; build?: { artifacts: Artifact[] } }[];
}

const read = (name: string) => readFile(join(repositoryFolder, name), 'utf8');

describe('skaffold.yaml', () => {
  let skaffold: Skaffold;
  let custom: Artifact[];

  before(async () => {
    skaffold = parse(await read('skaffold.yaml'), { merge: true }) as Skaffold;
    custom = skaffold.profiles.find(({ name }) => name === 'buildah')?.build?.artifacts ?? [];
  });

  it('builds every image, with docker and with buildah', () => {
    const names = IMAGES.map((service) => `mooring/${service}`);
    expect(skaffold.build.artifacts.map(({ image }) => image)).to.deep.equal(names);
    expect(custom.map(({ image }) => image)).to.deep.equal(names);
  });

  it('gives the Dockerfile the service that the image is named after', () => {
    for (const { image, docker } of skaffold.build.artifacts) {
      expect(docker?.buildArgs, image).to.deep.equal({ SERVICE: image.replace('mooring/', '') });
    }
    for (const { image, custom: build } of custom) {
      expect(build?.buildCommand.split(' ').at(-1), image).to.equal(image.replace('mooring/', ''));
    }
  });

  it('tells the chart the name and the digest of every image', () => {
    const values = skaffold.deploy.helm.releases[0].setValueTemplates;
    for (const service of IMAGES) {
      const key = service.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
      const suffix = `mooring_${service.replaceAll('-', '_')}`;
      expect(values[`${key}.image.repository`]).to.equal(`{{.IMAGE_REPO_${suffix}}}`);
      expect(values[`${key}.image.tag`]).to.equal(`{{.IMAGE_TAG_${suffix}}}@{{.IMAGE_DIGEST_${suffix}}}`);
    }
  });

  it('has the profiles that its commands are documented with', () => {
    expect(skaffold.profiles.map(({ name }) => name)).to.deep.equal(['buildah', 'dev', 'run', 'debug']);
  });

  it('watches every source that a bundle is made of', async function () {
    this.timeout(120_000);
    const folder = await mkdtemp(join(tmpdir(), 'mooring-watched-'));
    for (const { image, custom: build } of custom) {
      const service = image.replace('mooring/', '');
      const entries = { [service]: join('services', service, 'src', 'main.ts') };
      const { inputs } = await bundleEntries(entries, folder);
      const sources = Object.keys(inputs).filter((path) => /^(services|shared)\/[^/]+\/src\//.test(path));
      const { paths = [], ignore = [] } = build?.dependencies ?? {};
      const isWatched = (path: string) =>
        paths.some((glob) => matchesGlob(path, glob)) && !ignore.some((glob) => matchesGlob(path, glob));
      expect(
        sources.filter((path) => !isWatched(path)),
        service,
      ).to.deep.equal([]);
    }
    await rm(folder, { recursive: true });
  });
});

describe('the Dockerfile', () => {
  it('asks for nothing but its arguments and the base image', async () => {
    const dockerfile = await read('Dockerfile');
    const froms = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, name]) => name);
    expect(froms.filter((name) => name !== `\${NODE_IMAGE}`)).to.deep.equal(['scratch', 'runtime']);
    expect(dockerfile).to.match(/^ARG NODE_IMAGE=node:24-slim$/m);
  });

  it('runs as a numeric user, with a signal to stop, bounded memory and no shell', async () => {
    const command = `[${['node', ...MOVER_NODE_FLAGS, '/app/main.js'].map((part) => JSON.stringify(part)).join(', ')}]`;
    const last = (await read('Dockerfile')).split(/^FROM scratch AS runtime$/m).at(-1);
    expect(last)
      .to.match(/^USER 65532:65532$/m)
      .and.to.match(/^STOPSIGNAL SIGTERM$/m)
      .and.to.contain(`\nENTRYPOINT ${command}\n`)
      .and.to.not.match(/^RUN/m);
  });
});
