import type { Position } from '@roofshot/contracts/envelope';
import { LostConnection, OutOfRoom } from '@roofshot/storage/sql-errors';
import { AppendQueue } from './append-queue.ts';
import type { OutgoingRecord } from './bus.ts';

const record = (value: string): OutgoingRecord => ({ topic: 't', key: 'k', headers: {}, value });

/** A log in memory that refuses batches with the value `bad` as a whole, as a database statement would. */
function refusingLog(): { batches: string[][]; append: (records: readonly OutgoingRecord[]) => Promise<Position[]> } {
  const batches: string[][] = [];
  let next = 0;
  return {
    batches,
    append: async (records) => {
      await Promise.resolve();
      batches.push(records.map(({ value }) => value));
      if (records.some(({ value }) => value === 'bad')) throw new Error('refused');
      return records.map(() => ({ topic: 't', partition: 0, offset: next++ }));
    },
  };
}

describe('appends that share a commit', () => {
  it('go together when they come together, each caller with its own positions', async () => {
    const log = refusingLog();
    const queue = new AppendQueue(log.append);
    const calls = [queue.append([record('a'), record('b')]), queue.append([record('c')])];
    const positions = await Promise.all(calls);
    expect(log.batches).toEqual([['a', 'b', 'c']]);
    expect(positions.map((own) => own.map(({ offset }) => offset))).toEqual([[0, 1], [2]]);
  });

  it('fail only the caller whose records are refused', async () => {
    const queue = new AppendQueue(refusingLog().append);
    const outcomes = await Promise.allSettled(['a', 'bad', 'c'].map((value) => queue.append([record(value)])));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it.each([
    ['a lost connection, because some may have been written', new LostConnection('gone', 'unknown', { cause: undefined })],
    ['a full disk, because it has room for none of them', new OutOfRoom('full', '53100', undefined, { cause: undefined })],
  ])('are not repeated one by one after %s', async (_, failure) => {
    let tries = 0;
    const queue = new AppendQueue(() => {
      tries += 1;
      return Promise.reject(failure);
    });
    const outcomes = await Promise.allSettled(['a', 'b'].map((value) => queue.append([record(value)])));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(tries).toBe(1);
  });

  it('are all settled once the queue is drained', async () => {
    const log = refusingLog();
    const queue = new AppendQueue(log.append);
    let settled = 0;
    for (let i = 0; i < 5_000; i += 1) void queue.append([record('x')]).then(() => (settled += 1));
    await queue.drain();
    expect(log.batches.flat()).toHaveLength(5_000);
    expect(settled).toBe(5_000);
  });
});
