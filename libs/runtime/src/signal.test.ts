import { Signal } from './signal.ts';

describe('a signal', () => {
  test('answers at once when it is already so', async () => {
    await expect(new Signal().waitUntil(() => 'now', { timeoutMs: 0 })).resolves.toBe('now');
  });

  test('looks again at each change, and resolves at the first that makes it so', async () => {
    const signal = new Signal();
    let position = 0;
    const waiting = signal.waitUntil(() => position >= 3 && position, { timeoutMs: 5_000 });
    for (const next of [1, 2, 3]) {
      position = next;
      signal.changed();
      await Promise.resolve();
    }
    await expect(waiting).resolves.toBe(3);
    expect(signal.waiting).toBe(0);
  });

  test('misses no change that comes while it looks', async () => {
    const signal = new Signal();
    let isSo = false;
    const slowLook = async (): Promise<boolean> => {
      const seen = isSo;
      if (!seen) {
        isSo = true;
        signal.changed(); // between the look and its answer
      }
      await Promise.resolve();
      return seen;
    };
    await expect(signal.waitUntil(slowLook, { timeoutMs: 5_000 })).resolves.toBe(true);
  });

  test('gives up after its time, and then waits no more', async () => {
    const signal = new Signal();
    await expect(signal.waitUntil(() => false, { timeoutMs: 5 })).resolves.toBeUndefined();
    expect(signal.waiting).toBe(0);
  });

  test('gives up when the asker has gone', async () => {
    const signal = new Signal();
    const gone = new AbortController();
    const waiting = signal.waitUntil(() => false, { timeoutMs: 60_000, signal: gone.signal });
    gone.abort();
    await expect(waiting).resolves.toBeUndefined();
    expect(signal.waiting).toBe(0);
  });

  test('a look that throws rejects', async () => {
    const failing = (): never => {
      throw new Error('the table is gone');
    };
    await expect(new Signal().waitUntil(failing, { timeoutMs: 1 })).rejects.toThrow('the table is gone');
  });
});
