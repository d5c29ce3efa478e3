import { InFlight } from './in-flight.ts';

describe('requests under way', () => {
  it('are refused beyond their bytes, but for a lone one', () => {
    const inFlight = new InFlight(100);
    const large = inFlight.take(1_000);
    expect(() => inFlight.take(1)).toThrow('than fit');
    large.release();
    const held = inFlight.take(60);
    expect(() => inFlight.take(60)).toThrow('than fit');
    expect(() => held.grow(1_000)).not.toThrow(); // it is the only one
  });

  it.each([
    ['small', 300, 300],
    ['large', 40, 30_000],
  ])('are refused when many %s ones wait and the oldest does for long, and taken again when it has been answered', (_, number, bytes) => {
    let now = 0;
    const inFlight = new InFlight(1e9, () => now);
    const many = Array.from({ length: number }, () => inFlight.take(bytes));
    now = 100;
    inFlight.take(bytes); // a burst is taken whole
    now = 200;
    expect(() => inFlight.take(bytes)).toThrow('would have waited');
    for (const held of many) held.release();
    expect(() => inFlight.take(bytes)).not.toThrow();
  });

  it.each([
    ['15 large', 15, 100_000],
    ['64 small', 64, 400],
  ])('of %s callers are taken however long they take', (_, number, bytes) => {
    let now = 0;
    const inFlight = new InFlight(1e9, () => now);
    for (let n = 0; n < number; n += 1) inFlight.take(bytes);
    now = 60_000;
    expect(() => inFlight.take(bytes)).not.toThrow();
  });
});
