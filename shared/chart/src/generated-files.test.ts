import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { generatedFiles } from './generated-files.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

describe("the chart's generated files", () => {
  it('are what the source says (else run `npm run generate`)', async () => {
    for (const [path, text] of await generatedFiles(root)) {
      expect(await readFile(join(root, path), 'utf8'), path).to.equal(text);
    }
  });
});
