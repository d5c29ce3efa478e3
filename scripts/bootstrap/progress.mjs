/**
 * One line a step, with its seconds. On stderr, so that a command's output stays alone on stdout.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const started = performance.now();
  process.stderr.write(`${title} ... `);
  try {
    const result = await work();
    process.stderr.write(`${secondsSince(started)} s\n`);
    return result;
  } catch (error) {
    process.stderr.write(`failed after ${secondsSince(started)} s\n`);
    throw error;
  }
}

/** @param {number} started */
function secondsSince(started) {
  return ((performance.now() - started) / 1000).toFixed(1);
}
