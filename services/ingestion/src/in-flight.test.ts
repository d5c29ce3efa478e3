import { InFlight } from './in-flight.ts';

describe('requests under way', () => {
  it('are refused beyond their bytes, but for a lone one', () => {
    const inFlight = new InFlight(100);
    const large = inFlight.take();
    large.grow(1_000);
    expect(() => inFlight.take()).toThrow('than fit');
    large.release();
    const held = inFlight.take();
    held.grow(60);
    const other = inFlight.take();
    expect(() => other.grow(60)).toThrow('than fit');
    expect(() => held.grow(1_000)).not.toThrow(); // it is the only one
  });

  it('of which little comes are not refused for it, and counted', () => {
    const inFlight = new InFlight(100);
    const [first, second] = [inFlight.take(), inFlight.take()];
    first.add(90);
    second.add(90);
    expect(() => inFlight.take()).toThrow('than fit');
    first.release();
    expect(() => inFlight.take()).not.toThrow();
  });
});
