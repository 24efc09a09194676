/** Tables of reviews and their verdicts. */
import { expect } from 'chai';
import { facts, raw } from '../facts.fixture.ts';
import type { Facts } from '../facts.ts';
import type { KindName } from '../kinds/index.ts';
import type { Denial, Operation, RawObject, Verdict } from '../review.ts';
import { validate } from '../validate.ts';

/** One review and its verdict. */
export interface Case {
  what: string;
  kind: KindName;
  operation?: Operation;
  name?: string;
  metadata?: RawObject['metadata'];
  spec?: RawObject['spec'];
  /** The old object's spec; an UPDATE. */
  was?: RawObject['spec'];
  value?: string;
  known?: Partial<Facts>;
  /** `<code> <field>: <part of the message>`; empty: allowed. */
  denied?: [code: Denial['code'], field: string, text: string, live?: 'live'][];
  warned?: string[];
}

function judge(one: Case): Verdict {
  const { kind, was, name = 'ab', metadata = {}, value } = one;
  const operation = one.operation ?? (was ? 'UPDATE' : 'CREATE');
  const more = value === undefined ? {} : { value };
  const object = raw(kind, name, { metadata, ...(one.spec ? { spec: one.spec } : {}), ...more });
  const old = raw(kind, name, { metadata, ...(was ? { spec: was } : {}) });
  const input = { kind, operation, facts: facts(one.known) };
  if (operation === 'DELETE') return validate({ ...input, old: object });
  return validate(operation === 'UPDATE' ? { ...input, new: object, old } : { ...input, new: object });
}

/** Makes a test of every case. */
export function run(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const one of cases) {
      it(`${one.denied ? 'is refused' : 'is allowed'}: ${one.what}`, () => {
        const verdict = judge(one);
        const expected = one.denied ?? [];
        expect(verdict.denials, JSON.stringify(verdict.denials)).to.have.length(expected.length);
        for (const [index, [code, field, text, live]] of expected.entries()) {
          const denial = verdict.denials[index];
          expect(denial).to.include({ code, field });
          expect(denial?.message).to.include(text);
          expect(denial?.cure, 'no cure').to.not.equal('');
          expect(denial?.needs).to.equal(live === 'live' ? 'live-check' : undefined);
        }
        expect(verdict.warnings, verdict.warnings.join()).to.have.length(one.warned?.length ?? 0);
        for (const [index, text] of (one.warned ?? []).entries()) expect(verdict.warnings[index]).to.include(text);
      });
    }
  });
}
