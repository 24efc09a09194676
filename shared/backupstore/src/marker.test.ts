import { expect } from 'chai';
import { MemoryStore } from './backends/memory.ts';
import { StoreError } from './errors.ts';
import { MARKER_KEY } from './layout.ts';
import { readMarker, writeMarker } from './marker.ts';

describe('the store marker', () => {
  it('is written once, whoever else writes at the same time', async () => {
    const store = new MemoryStore();
    expect(await readMarker(store)).to.equal(undefined);
    const markers = await Promise.all(
      Array.from({ length: 8 }, async () => await writeMarker(store, { now: () => 0 })),
    );
    expect(new Set(markers.map((marker) => marker.storeID))).to.have.property('size', 1);
    expect(await writeMarker(store)).to.deep.equal(markers[0]);
    expect(markers[0]?.createdAt).to.equal('1970-01-01T00:00:00.000Z');
  });

  it('is not replaced when it cannot be read', async () => {
    for (const body of ['', 'garbage', '{}', '{"storeID":7}', '{"storeID":""}', 'null']) {
      const store = new MemoryStore();
      store.set(MARKER_KEY, body);
      const error: unknown = await writeMarker(store).catch((cause: unknown) => cause);
      expect(error, body).to.be.instanceOf(StoreError).with.property('code', 'Corrupt');
    }
  });
});
