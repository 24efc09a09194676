import { expect } from 'chai';
import { createTeardown } from './teardown.ts';

describe('createTeardown', () => {
  it('undoes in reverse order, once, and goes on after an error that it says', async () => {
    const done: string[] = [];
    const said: string[] = [];
    const teardown = createTeardown((line) => said.push(line));
    teardown.push('first', () => {
      done.push('first');
    });
    teardown.push('broken', () => Promise.reject(new Error('it hangs')));
    teardown.push('last', () => {
      done.push('last');
    });
    await Promise.all([teardown.run(), teardown.run()]);
    expect(done).to.deep.equal(['last', 'first']);
    expect(said).to.deep.equal(["failed to stop 'broken': it hangs"]);
  });
});
