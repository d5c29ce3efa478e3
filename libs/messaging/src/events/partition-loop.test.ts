import { eventually } from '@roofshot/testing/eventually';
import type { LogRecord } from './bus.ts';
import type { Fetched, FetchRequest } from './fetch-queue.ts';
import { MemoryReader, silent } from './log-lab.ts';
import { PartitionLoop } from './partition-loop.ts';

const topic = { name: 'large', uuid: 'u', bounds: [{ start: 0, end: 0 }] };

/** A log in memory with records of one size, that writes down what was asked of it. */
function logOf(records: number, characters: number): { asked: number[]; fetch: (request: FetchRequest) => Promise<Fetched> } {
  const asked: number[] = [];
  const value = 'x'.repeat(characters);
  return {
    asked,
    fetch: ({ offset, limit }) => {
      asked.push(limit);
      const count = Math.min(limit, records - offset);
      const found = Array.from({ length: count }, (_, i): LogRecord => {
        return { topic: 'large', partition: 0, offset: offset + i, key: 'k', headers: {}, value, appendedAt: 0 };
      });
      return Promise.resolve({ records: found, start: 0, end: records, next: offset + count });
    },
  };
}

async function readAll(records: number, characters: number): Promise<{ asked: number[]; offsets: number[] }> {
  const { asked, fetch } = logOf(records, characters);
  const reader = new MemoryReader();
  const loop = new PartitionLoop(topic, 0, {
    reader,
    maxBatch: 500,
    log: silent,
    fetch,
    bounds: () => Promise.resolve({ topic: 'large', partition: 0, topicId: 'u', start: 0, end: records }),
    onProgress: () => undefined,
  });
  loop.start(Promise.resolve());
  await eventually(() => loop.hasReached(records));
  await loop.end();
  return { asked, offsets: reader.records.map(({ offset }) => offset) };
}

describe('reading a partition', () => {
  it('asks for few records until it knows how large they are, then for as many as a batch may hold', async () => {
    expect((await readAll(1_200, 100)).asked).toEqual([100, 500, 500, 500]);
  });

  it('asks for fewer records when they are large, and reads all of them', async () => {
    const { asked, offsets } = await readAll(130, 400_000);
    expect(asked.slice(0, 3)).toEqual([100, 20, 20]);
    expect(offsets).toEqual(Array.from({ length: 130 }, (_, n) => n));
  });

  it('makes no progress by claiming again what fails each time, and tells what it fails with until it succeeds', async () => {
    const { fetch } = logOf(3, 10);
    const reader = new MemoryReader();
    let isBroken = true;
    reader.beforeRead = () => (isBroken ? Promise.reject(new Error('the value has a NUL')) : undefined);
    const bounds = { topic: 'large', partition: 0, topicId: 'u', start: 0, end: 3 };
    const loop = new PartitionLoop(topic, 0, {
      reader,
      maxBatch: 500,
      log: silent,
      fetch,
      bounds: () => Promise.resolve(bounds),
      onProgress: () => undefined,
    });
    const begun = loop.health.progressedAt;
    loop.start(Promise.resolve());
    await eventually(() => reader.claims.length >= 3);
    expect(loop.health).toMatchObject({ position: 0, end: 3, progressedAt: begun, failure: 'the value has a NUL' });
    isBroken = false;
    await eventually(() => loop.hasReached(3));
    expect(loop.health.progressedAt).toBeGreaterThan(begun);
    expect(loop.health).not.toHaveProperty('failure');
    await loop.end();
  });

  it('goes on where another reader has left it, also when that one has read further than the log reached at the look before', async () => {
    const { fetch } = logOf(8, 10);
    const reader = new MemoryReader([['large/0', 5]]);
    const ends = [3, 8];
    const loop = new PartitionLoop(topic, 0, {
      reader,
      maxBatch: 500,
      log: silent,
      fetch,
      bounds: () => Promise.resolve({ topic: 'large', partition: 0, topicId: 'u', start: 0, end: ends.shift() ?? 8 }),
      onProgress: () => undefined,
    });
    loop.start(Promise.resolve());
    await eventually(() => loop.hasReached(8));
    expect(loop.health).not.toHaveProperty('stopped');
    expect(reader.records.map(({ offset }) => offset)).toEqual([5, 6, 7]);
    await loop.end();
  });

  it('asks for one at a time when a single one is larger than a batch may be', async () => {
    expect((await readAll(103, 9_000_000)).asked.slice(0, 3)).toEqual([100, 1, 1]);
  });
});
