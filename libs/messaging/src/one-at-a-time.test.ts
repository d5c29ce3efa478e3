import { oneAtATime } from './one-at-a-time.ts';

describe('work that runs one at a time', () => {
  it('begins anew after a call that came while it ran, once for all such calls', async () => {
    const gates: (() => void)[] = [];
    let begun = 0;
    const run = oneAtATime(async () => {
      begun += 1;
      const turn = begun;
      await new Promise<void>((resolve) => gates.push(resolve));
      return turn;
    });
    const first = run();
    const second = run();
    const third = run();
    expect(begun).toBe(1);
    gates[0]?.();
    expect(await first).toBe(1);
    gates[1]?.();
    expect(await Promise.all([second, third])).toEqual([2, 2]);
    expect(begun).toBe(2);
  });

  it('goes on after a failure, which only its own callers see', async () => {
    let failing = true;
    const run = oneAtATime(async () => {
      await Promise.resolve();
      if (failing) throw new Error('away');
      return 'back';
    });
    const first = run();
    const second = run();
    await expect(first).rejects.toThrow('away');
    await expect(second).rejects.toThrow('away');
    failing = false;
    expect(await run()).toBe('back');
  });

  it('never runs twice at once, whenever the calls come', async () => {
    let running = 0;
    let most = 0;
    const run = oneAtATime(async () => {
      most = Math.max(most, (running += 1));
      await Promise.resolve();
      running -= 1;
    });
    const calls: Promise<void>[] = [];
    for (let i = 0; i < 50; i += 1) {
      calls.push(run());
      for (let tick = 0; tick < i % 7; tick += 1) await Promise.resolve();
    }
    await Promise.all(calls);
    expect(most).toBe(1);
  });
});
