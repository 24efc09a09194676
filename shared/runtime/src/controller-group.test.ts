import { expect } from 'chai';
import { ControllerGroup, type GroupCache } from './controller-group.ts';
import { Controller } from './controller.ts';
import { gate } from './gate.ts';

describe('ControllerGroup', () => {
  const steps: string[] = [];
  const isFilled = gate();
  const cache: GroupCache = {
    start: () => void steps.push('cache starts'),
    whenSynced: () => isFilled.opened,
    stop: async () => void steps.push('cache stops'),
    freshness: () => ({ synced: false, connected: false, lastContactMs: -Infinity, ageMs: Infinity }),
  };
  const controller = new Controller({
    name: 'test',
    reconcile: async (key) => {
      steps.push(`pass over ${key}`);
      return { result: 'done' };
    },
  });
  const group = new ControllerGroup({
    caches: { things: cache },
    controllers: [controller],
    events: { flush: async () => void steps.push('events are sent') },
    onStopped: () => steps.push('the rest'),
  });

  it('fills its caches first, runs passes when told to, and ends everything in the opposite order', async () => {
    controller.enqueue('ns/a');
    const started = group.start();
    expect(steps).to.deep.equal(['cache starts']);
    isFilled.open();
    await started;
    expect(group.load).to.deep.equal({ ready: 1, running: 0 });
    group.run();
    await group.stop();
    expect(steps).to.deep.equal(['cache starts', 'pass over ns/a', 'events are sent', 'cache stops', 'the rest']);
  });

  it('is as ready as its caches', () => {
    expect(group.readiness['things']?.()).to.equal('the first list is not complete');
  });
});
