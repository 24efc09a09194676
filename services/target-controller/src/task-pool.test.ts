import { expect } from 'chai';
import { TaskPool } from './task-pool.ts';

describe('a pool of tasks', () => {
  it('never runs more than its limit, and runs all', async () => {
    const pool = new TaskPool(3);
    let running = 0;
    let most = 0;
    let done = 0;
    for (let task = 0; task < 20; task++) {
      await pool.add(async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        done++;
      });
    }
    expect(await pool.drain()).to.deep.equal([]);
    expect([most, done]).to.deep.equal([3, 20]);
  });

  it('gathers what is thrown, once, and stops nothing', async () => {
    const pool = new TaskPool(2);
    const done: number[] = [];
    for (let task = 0; task < 5; task++) {
      await pool.add(() =>
        task % 2 === 0 ? Promise.resolve(void done.push(task)) : Promise.reject(new Error(String(task))),
      );
    }
    const errors = await pool.drain();
    expect(errors.map((error) => (error instanceof Error ? error.message : ''))).to.deep.equal(['1', '3']);
    expect(done).to.deep.equal([0, 2, 4]);
    expect(await pool.drain()).to.deep.equal([]);
  });

  it('holds a producer back until there is room', async () => {
    const pool = new TaskPool(1);
    const gate = Promise.withResolvers<undefined>();
    await pool.add(async () => await gate.promise);
    let isIn = false;
    const second = pool.add(() => Promise.resolve()).then(() => (isIn = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isIn).to.equal(false);
    gate.resolve(undefined);
    await second;
    expect(isIn).to.equal(true);
  });
});
