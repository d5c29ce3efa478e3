import { emptySeries } from '@roofshot/feature-defs/tiles';
import { addRows, joinWork, noWork } from './online-work.ts';
import type { StoredSeries } from './series-store.ts';

const row = (version: number): StoredSeries => ({
  view: 'landings@1',
  entity: '["ORD"]',
  shard: 0,
  version,
  series: emptySeries({ layouts: [], hasSpans: false }),
});
const versionsOf = (work: ReturnType<typeof noWork>): number[] => [...work.rows.values()].map(({ version }) => version);

test.each([
  [1, 2],
  [2, 1],
])('of two commits of one row the later one is written, whichever is heard of first (%i, %i)', (first, second) => {
  const work = noWork();
  addRows(work, [row(first)]);
  addRows(work, [row(second)]);
  expect(versionsOf(work)).toEqual([2]);
});

test('what was refused does not take the place of a later commit', () => {
  const [refused, since] = [noWork(), noWork()];
  addRows(refused, [row(3)]);
  addRows(since, [row(2)]);
  expect(versionsOf(joinWork(refused, since))).toEqual([3]);
});
