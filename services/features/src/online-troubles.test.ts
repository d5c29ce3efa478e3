import { tellLost, tellWaiting } from './online-troubles.ts';
import { noWork, type Work } from './online-work.ts';
import type { StoredSeries } from './series-store.ts';

const refusals = { since: Date.parse('2026-01-01T12:00:00Z'), reason: 'no writes today.' };

function workOf(...rows: readonly string[]): Work {
  const work = noWork();
  for (const row of rows) work.rows.set(row, {} as StoredSeries);
  return work;
}

describe('what is told of an online store that takes nothing', () => {
  test('is how many rows wait, each counted once, since when, what becomes of them, and why', () => {
    expect(tellWaiting([workOf('a', 'b'), workOf('b', 'c')], refusals, false)).toBe(
      '3 rows wait for the online store since 2026-01-01T12:00:00.000Z. What waits is written when the store takes it; ' +
        'until then the age of the values grows. Why it does not: no writes today.',
    );
    expect(tellWaiting([workOf('a'), noWork()], refusals, false)).toMatch(/^1 row waits for/);
  });

  test('is not the reason where the store tells that itself', () => {
    expect(tellWaiting([workOf('a')], refusals, true)).not.toContain('no writes today');
  });

  test('is whose rows wait where they are too many to be kept, and the progress where there are none', () => {
    const shed = noWork();
    shed.abandoned.add('routes@1').add('airports@2');
    expect(tellWaiting([shed, workOf('a')], refusals, false)).toMatch(/^Rows of airports@2, routes@1 wait for/);
    expect(tellWaiting([noWork(), noWork()], refusals, false)).toMatch(/^Marks of progress wait for/);
  });
});

test('an online store that has lost nothing is not spoken of', () => {
  expect(tellLost(new Set())).toEqual([]);
  expect(tellLost(new Set(['b', 'a']))).toEqual([expect.stringContaining('those of a, b are written again')]);
});
