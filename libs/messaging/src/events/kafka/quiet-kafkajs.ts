import type { ISocketFactory } from 'kafkajs';
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';

/**
 * kafkajs 2.2.4 looks for requests that wait behind a throttle every millisecond, on every connection, for ever, also when none waits
 * (and hands a negative time to the timer, of which newer Node versions warn). It need only look while something waits.
 */
export function quietRequestQueue(): void {
  const { prototype } = RequestQueue;
  if (patched.has(prototype)) return;
  patched.add(prototype);
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function scheduleWhenSomethingWaits(this: typeof prototype): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}

const patched = new WeakSet<object>();

/**
 * kafkajs' own sockets. It says goodbye to a socket that never connected as often as it is asked to, and each time Node keeps a
 * listener for a connection that will not come: no leak, but Node warns of one.
 */
export function quietSockets(): ISocketFactory {
  const create = createSocketFactory();
  return (wishes) => create(wishes).setMaxListeners(0);
}
