import { WaitingLine } from './waiting-line.ts';

describe('requests that wait', () => {
  /** So many of so many events each, and how to answer them. */
  function lineOf(requests: number, events: number): { line: WaitingLine; later: (ms: number) => void; answerAll: () => Promise<void> } {
    let now = 0;
    const line = new WaitingLine(() => now);
    const { promise: answered, resolve } = Promise.withResolvers<void>();
    const waiting = Array.from({ length: requests }, () => line.during(events, () => answered));
    return {
      line,
      later: (ms) => (now += ms),
      answerAll: async () => {
        resolve();
        await Promise.all(waiting);
      },
    };
  }

  it.each([
    ['many small ones', 300, 1],
    ['fewer large ones', 20, 100],
  ])('refuse others when %s do and the oldest does for long, and no more when it was answered', async (_, requests, events) => {
    const { line, later, answerAll } = lineOf(requests, events);
    later(50);
    expect(() => line.refuseWhenLate()).not.toThrow(); // a burst is taken whole
    later(50);
    expect(() => line.refuseWhenLate()).toThrow('would have waited');
    await answerAll();
    expect(() => line.refuseWhenLate()).not.toThrow();
  });

  it.each([
    ['15 importers', 15, 5_000],
    ['64 small ones', 64, 1],
  ])('refuse nobody when %s wait for long', (_, requests, events) => {
    const { line, later } = lineOf(requests, events);
    later(60_000);
    expect(() => line.refuseWhenLate()).not.toThrow();
  });

  it('leave the line when their work fails', async () => {
    const line = new WaitingLine(() => 0);
    await expect(line.during(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(line.during(1, () => Promise.resolve('yes'))).resolves.toBe('yes');
  });
});
