/** OpenFeature's `track()` as events of the platform: beside the provider of flags that an application has, whichever it is. */
import { randomUUID } from 'node:crypto';
import type { EvaluationContext, Provider, TrackingEventDetails } from '@openfeature/server-sdk';

export interface Tracking {
  /** Of the platform, like http://localhost:4100. */
  readonly url: string;
  readonly writeKey?: string;
  /** The application, as a URI reference like /web-shop: with the event's id it is what a repeat is recognised by. */
  readonly source: string;
  /** Hears why events wait, and of each that was given up because too many did. */
  readonly onTrouble: (error: Error) => void;
}

const BATCH = 100;
const FLUSH_MS = 1_000;
const MOST_WAITING = 10_000;

/** The same provider, which tracks now. `OpenFeature.close()` sends what waits. */
export function withTracking<P extends Provider>(provider: P, tracking: Tracking): P {
  const waiting: object[] = [];
  let sending = Promise.resolve();
  const flush = (): Promise<void> => (sending = sending.then(() => send(waiting, tracking)).catch(tracking.onTrouble));
  const timer = setInterval(() => void flush(), FLUSH_MS).unref();
  const close = provider.onClose?.bind(provider);
  const track: Provider['track'] = (name, context, details) => {
    if (waiting.length >= MOST_WAITING) return tracking.onTrouble(new Error(`${name} was given up: ${MOST_WAITING} events wait already.`));
    waiting.push({ ...eventOf(name, context, details), source: tracking.source });
    if (waiting.length >= BATCH) void flush();
  };
  const onClose = async (): Promise<void> => {
    clearInterval(timer);
    await flush();
    await close?.();
  };
  return Object.assign(provider, { track, onClose });
}

/** In their order; what a failure leaves waits for the next time, under its own id: what had arrived all the same is a duplicate then. */
async function send(waiting: object[], { url, writeKey }: Tracking): Promise<void> {
  const key = writeKey === undefined ? undefined : { authorization: `Bearer ${writeKey}` };
  const headers = { 'content-type': 'application/cloudevents-batch+json', ...key };
  while (waiting.length > 0) {
    const batch = waiting.slice(0, BATCH);
    const answer = await fetch(`${url}/v1/events`, { method: 'POST', headers, body: JSON.stringify(batch) });
    if (!answer.ok) throw new Error(`${waiting.length} events wait: ${answer.status} ${await answer.text()}`);
    waiting.splice(0, batch.length);
  }
}

function eventOf(name: string, { targetingKey, ...attributes }: EvaluationContext, { value, ...details }: TrackingEventDetails): object {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').match(/[A-Za-z0-9]+/g) ?? [];
  const [type, time] = [words.join('.').toLowerCase(), new Date().toISOString()];
  return { specversion: '1.0', id: randomUUID(), type, subject: targetingKey, time, data: { value, details, attributes } };
}
