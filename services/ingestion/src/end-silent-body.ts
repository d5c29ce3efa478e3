import type { Readable } from 'node:stream';

/** A sender of whom nothing comes for so long has gone, whatever the network says. */
const SILENT_MS = 60_000;

/**
 * Ends a request whose body stops coming before its end, so that what has come of it is not kept for ever. To be called with each part
 * that comes: a listener here would take them from whoever iterates over the body.
 */
export function endWhenSilent(body: Readable, silentMs = SILENT_MS): () => void {
  const timer = setTimeout(() => body.destroy(), silentMs).unref();
  const stop = (): void => clearTimeout(timer);
  body.once('end', stop).once('close', stop);
  return () => void timer.refresh();
}
