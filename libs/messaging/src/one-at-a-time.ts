/**
 * Runs `work` one at a time: a call while it runs starts it once more afterwards, and all calls in between share that run. So every
 * caller gets a result that was begun after its call.
 */
export function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  let next: Promise<T> | undefined;
  const start = (): Promise<T> => {
    next = undefined;
    const run = work().finally(() => {
      if (next === undefined) running = undefined; // else the next run takes over
    });
    running = run;
    return run;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
}
