import { DELAY_STEPS_MS, delayFor } from './rabbit-topology.ts';

describe('a delay on RabbitMQ', () => {
  it('is rounded up to the next step', () => {
    expect([1, 100, 101, 60_000].map((delayMs) => delayFor(delayMs).stepMs)).toEqual([100, 100, 500, 60_000]);
  });

  it('is never shorter than asked, however long: it passes through the longest step again and again', () => {
    for (const asked of [30, 700, 600_001, 5_400_000]) {
      let waited = 0;
      for (let left = asked; left > 0;) {
        const { stepMs, leftMs } = delayFor(left);
        waited += stepMs;
        left = leftMs;
      }
      expect(waited).toBeGreaterThanOrEqual(asked);
      expect(waited).toBeLessThan(Math.max(asked * 5, 101));
    }
  });

  it('has steps in ascending order', () => {
    expect([...DELAY_STEPS_MS].sort((a, b) => a - b)).toEqual(DELAY_STEPS_MS);
  });
});
