import { expect } from 'chai';
import { parse } from 'yaml';
import { valuesSchema } from './render-schema.ts';
import { valuesTable } from './render-table.ts';
import { valuesYaml } from './render-yaml.ts';
import { flag, group, list, text, textMap } from './value-schema.ts';

const part = group('A part', {
  tag: text('Tag | name'),
  replicas: { type: 'integer', description: 'Pods', minimum: 0, default: 2 },
});
const VALUES = {
  level: text('What is written', { enum: ['info', 'warn'], default: 'info', variable: 'MOORING_ANY' }),
  wait: { type: 'integer', description: 'Seconds', minimum: 2, maximum: 30, default: 10 },
  first: part,
  second: part,
  labels: textMap('Labels', { default: { 'a.b/c': 'true' } }),
  schemes: list('URL schemes', { items: { type: 'string', enum: ['s3', 'vfs'] }, default: ['s3'] }),
  on: flag('Make it'),
} as const;

describe('values.yaml', () => {
  const yaml = valuesYaml(VALUES);

  it('holds every default, in its own type', () => {
    expect(parse(yaml)).to.deep.equal({
      level: 'info',
      wait: 10,
      first: { tag: '', replicas: 2 },
      second: { tag: '', replicas: 2 },
      labels: { 'a.b/c': 'true' },
      schemes: ['s3'],
      on: false,
    });
  });

  it('says choices and ranges behind each description', () => {
    expect(yaml).to.include('# What is written. One of info, warn.\nlevel: info');
    expect(yaml).to.include('# Seconds. 2 to 30.\nwait: 10');
    expect(yaml).to.include('  # Pods. 0 or more.\n  replicas: 2');
    expect(yaml).to.include('# URL schemes. One of s3, vfs.');
  });

  it('describes members of the same group once', () => {
    expect(yaml.split('# Tag | name.')).to.have.length(2);
  });

  it('breaks long descriptions into lines that fit', () => {
    const long = valuesYaml({ any: text(Array(60).fill('words').join(' ')) });
    for (const line of long.split('\n')) expect(line.length).to.be.at.most(120);
    expect(long.match(/words/g)).to.have.length(60);
  });
});

describe('values.schema.json', () => {
  const schema = JSON.parse(valuesSchema(VALUES)) as {
    properties: Record<string, object>;
    additionalProperties: boolean;
  };

  it('refuses unknown values at every level, but for what is helm’s own', () => {
    expect(schema.additionalProperties).to.equal(false);
    expect(schema.properties['global']).to.deep.equal({ type: 'object' });
    expect(schema.properties['first']).to.include({ type: 'object', additionalProperties: false });
  });

  it('leaves out what is no JSON schema', () => {
    expect(schema.properties['level']).to.deep.equal({
      type: 'string',
      description: 'What is written',
      enum: ['info', 'warn'],
      default: 'info',
    });
  });
});

describe("the README's table", () => {
  const table = valuesTable(VALUES, new Set(['first', 'second']));

  it('has a row for each leaf, components once, and nothing that breaks a cell', () => {
    expect(table.split('\n')).to.deep.equal([
      '| value | default | |',
      '|---|---|---|',
      '| `level` | `info` | What is written. One of info, warn. |',
      '| `wait` | `10` | Seconds. 2 to 30. |',
      '| `<component>.tag` |  | Tag \\| name. |',
      '| `<component>.replicas` | `2` | Pods. 0 or more. |',
      '| `labels` | `{"a.b/c":"true"}` | Labels. |',
      '| `schemes` | `["s3"]` | URL schemes. One of s3, vfs. |',
      '| `on` | `false` | Make it. |',
    ]);
  });
});
