import { expect } from 'chai';
import { ManualClock } from './clock.ts';
import { EventCorrelator, type EventKey } from './event-correlator.ts';

describe('EventCorrelator', () => {
  const event = (rest: Partial<EventKey> = {}): EventKey => ({
    uid: 'u',
    type: 'Warning',
    reason: 'R',
    message: 'm',
    ...rest,
  });

  function correlator() {
    const clock = new ManualClock();
    const own = new EventCorrelator<string>(clock);
    const decide = (rest?: Partial<EventKey>): string => {
      const decision = own.decide(event(rest));
      if (decision.action === 'drop') return 'drop';
      decision.series.known ??= 'written';
      return `${decision.action} ${decision.prefix === '' ? '' : 'combined '}${decision.series.count}`;
    };
    return { clock, decide };
  }

  it('counts repetitions within ten minutes, then begins anew', async () => {
    const { clock, decide } = correlator();
    expect([decide(), decide(), decide()]).to.deep.equal(['create 1', 'repeat 2', 'repeat 3']);
    await clock.advance(600_000);
    expect(decide()).to.equal('create 1');
  });

  it('keeps objects, types, reasons and messages apart', () => {
    const { decide } = correlator();
    const others = [{}, { uid: 'v' }, { type: 'Normal' }, { reason: 'S' }, { message: 'n' }];
    expect(others.map((other) => decide(other))).to.deep.equal(Array.from(others, () => 'create 1'));
  });

  it('combines the eleventh message and all after it', () => {
    const { decide } = correlator();
    for (let i = 0; i < 10; i++) expect(decide({ message: `m${i}` })).to.equal('create 1');
    expect(decide({ message: 'm10' })).to.equal('create combined 1');
    expect(decide({ message: 'm11' })).to.equal('repeat combined 2');
    expect(decide({ message: 'm0' })).to.equal('repeat 2');
  });

  it('lets one object say 25 things at once and then one in five minutes', async () => {
    const { clock, decide } = correlator();
    const said = Array.from({ length: 30 }, () => decide());
    expect(said.filter((each) => each === 'drop')).to.have.length(5);
    await clock.advance(300_000);
    expect([decide(), decide()]).to.deep.equal(['repeat 26', 'drop']);
    expect(decide({ uid: 'other' })).to.equal('create 1');
  });

  it('forgets the least recent of very many objects', () => {
    const { decide } = correlator();
    for (let i = 0; i < 10_000; i++) decide({ uid: `u${i}` });
    expect(decide({ uid: 'u9999' })).to.equal('repeat 2');
    expect(decide({ uid: 'u0' })).to.equal('create 1');
  });
});
