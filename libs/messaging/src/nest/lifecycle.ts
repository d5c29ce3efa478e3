/** Waits for `stopping`, but not longer than `milliseconds`: then `late` is told and it goes on by itself. Throws what `stopping` throws in time. */
export async function stopWithin(milliseconds: number, stopping: Promise<void>, late: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), milliseconds)));
  const outcome = await Promise.race([stopping, deadline]).finally(() => clearTimeout(timer));
  if (outcome === 'late') late();
}

/** Tells Nest's callback how the start ended. */
export async function reportTo(done: (error?: unknown) => void, starting: Promise<void>): Promise<void> {
  const failure = await starting.then(
    () => undefined,
    (error: unknown) => error ?? new Error('The start failed without a reason.'),
  );
  if (failure === undefined) done();
  else done(failure);
}
