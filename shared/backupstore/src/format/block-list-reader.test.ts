import { expect } from 'chai';
import fc from 'fast-check';
import { decodeBackupConfig, encodeBackupConfig, type BackupConfig } from './backup-config.ts';
import { BlockListReader } from './block-list-reader.ts';
import type { BlockReference } from './fields.ts';

const checksum = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const blocks = fc.array(fc.record({ offset: fc.nat({ max: 2 ** 53 - 1 }), checksum }), { maxLength: 40 });

function configOf(list: readonly BlockReference[], labels: Record<string, string> | null): BackupConfig {
  return {
    name: 'b',
    volumeName: 'v',
    snapshotName: 's',
    snapshotCreatedAt: '2026-01-01T00:00:00Z',
    createdTime: '2026-01-01T00:00:01Z',
    size: '1',
    labels,
    parameters: null,
    isIncremental: true,
    compressionMethod: 'lz4',
    newlyUploadedDataSize: '0',
    reUploadedDataSize: '0',
    processingBlocks: 'null',
    blocks: list,
    singleFilePath: '',
  };
}

/** Reads `body` in pieces of the given lengths, the last as long as it takes. */
function readInPieces(body: Buffer, lengths: readonly number[]): { blocks: BlockReference[]; reader: BlockListReader } {
  const reader = new BlockListReader();
  const found: BlockReference[] = [];
  let at = 0;
  for (const length of lengths) {
    if (at + length >= body.length) break;
    found.push(...reader.push(body.subarray(at, at + length), false));
    at += length;
  }
  found.push(...reader.push(body.subarray(at), true));
  return { blocks: found, reader };
}

describe('a backup config read in pieces', () => {
  it('gives the same blocks and members as the whole file, wherever it is cut', () => {
    const labels = fc.option(fc.dictionary(fc.string(), fc.string()), { nil: null });
    fc.assert(
      fc.property(blocks, labels, fc.array(fc.integer({ min: 1, max: 300 })), (list, map, lengths) => {
        const body = encodeBackupConfig(configOf(list, map));
        const whole = decodeBackupConfig(body, { key: 'k' });
        const pieces = readInPieces(body, lengths);
        expect(pieces.blocks).to.deep.equal(whole.blocks);
        expect(pieces.reader.outline).to.deep.include({
          name: 'b',
          createdTime: whole.createdTime,
          labels: whole.labels,
        });
      }),
    );
  });

  const oddities: [string, string][] = [
    [
      'members in another order and case',
      '{"bLOCKS":[{"blockchecksum":"ab","OFFSET":7}],"NAME":"n","x":{"Blocks":[1]}}',
    ],
    ['white space', ' {\n "Name" : "n" ,\t"Blocks" : [ { "Offset" : 1 , "BlockChecksum" : "c" } , null ] } trailing'],
    ['null lists', '{"Name":"n","Blocks":null}'],
    ['an empty list', '{"Name":"n","Blocks":[]}'],
    ['a null file', 'null'],
  ];
  for (const [what, text] of oddities) {
    it(`reads ${what} as the whole-file decoder does, byte by byte`, () => {
      const body = Buffer.from(text);
      const whole = decodeBackupConfig(body, { key: 'k' });
      const pieces = readInPieces(
        body,
        Array.from(body, () => 1),
      );
      expect(pieces.blocks).to.deep.equal(whole.blocks);
      expect(pieces.reader.outline.name).to.equal(whole.name);
    });
  }

  it('refuses exactly what the whole-file decoder refuses, however a good file is damaged', () => {
    const body = encodeBackupConfig(configOf([{ offset: 2097152, checksum: 'ab'.repeat(32) }], { a: 'b' }));
    const damage = fc.record({ at: fc.nat({ max: body.length - 1 }), byte: fc.nat({ max: 255 }), cut: fc.boolean() });
    fc.assert(
      fc.property(damage, fc.integer({ min: 1, max: 64 }), ({ at, byte, cut }, length) => {
        const damaged = Buffer.from(cut ? body.subarray(0, at) : body);
        if (!cut) damaged[at] = byte;
        const outcome = (read: () => readonly BlockReference[]): readonly BlockReference[] | 'refused' => {
          try {
            return read();
          } catch {
            return 'refused';
          }
        };
        const pieces = outcome(() => readInPieces(damaged, Array<number>(damaged.length).fill(length)).blocks);
        expect(pieces).to.deep.equal(outcome(() => decodeBackupConfig(damaged, { key: 'k' }).blocks));
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a second block list', () => {
    const body = Buffer.from('{"Blocks":[],"Blocks":[]}');
    expect(() => readInPieces(body, [])).to.throw('two block lists');
  });
});
