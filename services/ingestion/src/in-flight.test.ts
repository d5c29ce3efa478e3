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
});
