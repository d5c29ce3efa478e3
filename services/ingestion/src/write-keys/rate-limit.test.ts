import { RateLimit } from './rate-limit.ts';

describe('a rate of 10 a second', () => {
  it('lets a second’s worth pass at once, then one for each tenth of a second', () => {
    const limit = new RateLimit(10, 0);
    expect(Array.from({ length: 10 }, () => limit.take(1, 0))).toEqual(new Array(10).fill(0));
    expect(limit.take(1, 0)).toBeGreaterThan(0);
    expect(limit.take(1, 100)).toBe(0);
    expect(limit.take(1, 100)).toBeGreaterThan(0);
  });

  it('takes a batch that is larger, and nothing more until it is paid', () => {
    const limit = new RateLimit(10, 0);
    expect(limit.take(50, 0)).toBe(0);
    expect(limit.take(1, 0)).toBe(4_000);
    expect(limit.take(1, 3_900)).toBe(100);
    expect(limit.take(1, 4_001)).toBe(0);
  });

  it('saves no more than one second', () => {
    const limit = new RateLimit(10, 0);
    expect(limit.take(10, 3_600_000)).toBe(0);
    expect(limit.take(1, 3_600_000)).toBeGreaterThan(0);
  });

  it('holds over a long time, whatever the sizes', () => {
    const limit = new RateLimit(10, 0);
    let taken = 0;
    for (let now = 0; now < 100_000; now += 7) {
      const size = 1 + ((now * 31) % 23);
      if (limit.take(size, now) === 0) taken += size;
    }
    expect(taken / 100).toBeGreaterThan(9.5);
    expect(taken / 100).toBeLessThan(10.5);
  });
});
