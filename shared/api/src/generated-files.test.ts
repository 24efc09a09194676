import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { generatedFiles } from './generated-files.ts';
import { kinds } from './kinds/index.ts';
import { reasons } from './reasons.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

describe('the generated files', () => {
  it('are what the source says (else run `npm run generate`)', async () => {
    for (const [path, text] of await generatedFiles(root)) {
      expect(await readFile(join(root, path), 'utf8').catch(() => 'no such file'), path).to.equal(text);
    }
  }).timeout(30_000);

  it('cover every kind, reason and registry', async () => {
    const files = await generatedFiles(root);
    const objects = files.get('docs/objects.md') ?? '';
    for (const { resource } of kinds) {
      expect(files.get(`charts/mooring/files/crds/${resource.plural}.yaml`)).to.include(`kind: ${resource.kind}`);
      expect(objects).to.include(`## ${resource.kind}\n`);
    }
    for (const reason of Object.keys(reasons)) expect(objects).to.include(`| \`${reason}\` |`);
    expect(files.get('docs/errors.md')).to.include('## @mooring/api').and.to.include('## @mooring/backupstore');
  }).timeout(30_000);
});
