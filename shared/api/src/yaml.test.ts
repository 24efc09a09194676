import { expect } from 'chai';
import { toYaml } from './yaml.ts';

describe('YAML', () => {
  const table: [value: unknown, text: string][] = [
    [{ a: 1, b: true, c: null }, 'a: 1\nb: true\nc: null\n'],
    [{ a: { b: [] }, c: {} }, 'a:\n  b: []\nc: {}\n'],
    [{ a: ['x', { b: 1, c: 2 }] }, 'a:\n  - x\n  - b: 1\n    c: 2\n'],
    [[['a'], 'b'], '- - a\n- b\n'],
    [{ 'helm.sh/x': 'keep', '0': 'a', 'a b': 'c' }, '"0": a\nhelm.sh/x: keep\n"a b": c\n'],
  ];
  for (const [value, text] of table) {
    it(`of ${JSON.stringify(value)} is written with two spaces a level`, () => {
      expect(toYaml(value)).to.equal(text);
    });
  }

  it('quotes every text that could be read as something else', () => {
    for (const text of [
      '',
      'true',
      'No',
      'null',
      '1',
      '1e3',
      '0x1',
      'a: b',
      'a #b',
      '- a',
      '*x',
      '&x',
      '!x',
      "'",
      'a\nb',
      ' a',
      '.5',
      '5m0s',
      '~',
      '@x',
      '{a}',
    ]) {
      expect(toYaml(text), text).to.equal(`${JSON.stringify(text)}\n`);
    }
    for (const text of ['keep', 'a b', 'apiextensions.k8s.io/v1', 'x-kubernetes'])
      expect(toYaml(text)).to.equal(`${text}\n`);
  });
});
