import { ProgressBoard } from './progress-board.ts';
import type { ViewPosition } from './view-positions.ts';

const settledAt = (settled: number): ViewPosition[] => [
  {
    view: 'v',
    topic: 'events.order.placed',
    partition: 0,
    nextOffset: settled,
    progress: settled,
    settled,
    online: null,
    onlineOffset: 0,
    onlineAt: null,
    onlineMark: null,
  },
];

describe('the board of progress', () => {
  it('looks one time after the other, so that none sees less than the one before', async () => {
    const board = new ProgressBoard();
    const first = Promise.withResolvers<ViewPosition[]>();
    let settled = 1;
    const looks = [board.look(() => first.promise), board.look(() => Promise.resolve(settledAt(settled)))];
    settled = 2; // while the first look is under way
    first.resolve(settledAt(1));
    const [one, two] = await Promise.all(looks);
    expect([one?.positions, two?.positions]).toEqual([settledAt(1), settledAt(2)]);
  });

  it('never shows less than it has shown', async () => {
    const board = new ProgressBoard();
    const early = await board.look(() => Promise.resolve(settledAt(1)));
    board.show(await board.look(() => Promise.resolve(settledAt(2))));
    board.show(early);
    expect(board.progress()).toBe(2);
  });

  it('looks again after a look that failed', async () => {
    const board = new ProgressBoard();
    const failed = board.look(() => Promise.reject(new Error('The database is away.')));
    const next = board.look(() => Promise.resolve(settledAt(3)));
    await expect(failed).rejects.toThrow('The database is away.');
    board.show(await next);
    expect(board.progress()).toBe(3);
  });
});
