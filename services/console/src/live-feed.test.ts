import { retryAfter } from './live-feed.ts';

test('attempts come later and later, up to five seconds, and not all at once', () => {
  const latest = [0, 1, 2, 3, 4, 5, 20].map((tries) => retryAfter(tries, () => 1));
  expect(latest).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
  expect(retryAfter(1, () => 0)).toBe(500);
});
