import * as http from 'node:http';
import * as https from 'node:https';
import type { NodeClient, makeNodeTransport } from '@sentry/node';
import { counter, defineMetrics } from './define-metrics.ts';

type MakeTransport = ConstructorParameters<typeof NodeClient>[0]['transport'];
type HttpModule = NonNullable<Parameters<typeof makeNodeTransport>[0]['httpModule']>;

/** A receiver that has not answered by then does not get the issue: what waits for it takes memory. */
const ANSWER_MS = 10_000;

const metrics = defineMetrics('process', {
  'sentry-issues.sent': counter('Issues that Sentry took.'),
  'sentry-issues.lost': counter(
    'Issues that never reached Sentry, by why: it was away or too slow, refused them, asked to be left alone, or too many were on their way.',
    ['reason'],
  ),
});

type Loss = 'away' | 'refused' | 'limited' | 'full';

/** How Sentry's library names what it drops by itself; the rest it says by the answer's status. */
const DROPS: Readonly<Record<string, Loss>> = { network_error: 'away', ratelimit_backoff: 'limited', queue_overflow: 'full' };

/** Counts what Sentry's library drops. */
export function countDrop(reason: string): void {
  const loss = DROPS[reason];
  if (loss !== undefined) metrics['sentry-issues.lost'](1, { reason: loss });
}

/** Sentry's transport, with an end to the waiting for an answer and with every loss counted. `ending` cuts off what is on its way. */
export function countingTransport(make: typeof makeNodeTransport, ending: AbortSignal): MakeTransport {
  return (options) => {
    const httpModule = boundedHttp(options.url.startsWith('https:') ? https.request : http.request, ending);
    const { send, flush } = make({ ...options, httpModule, recordDroppedEvent: countDrop });
    return {
      flush,
      send: async (envelope) => {
        const answer = await send(envelope);
        if (answer.statusCode !== undefined) countAnswer(answer.statusCode);
        return answer;
      },
    };
  };
}

function countAnswer(status: number): void {
  if (status >= 200 && status < 300) metrics['sentry-issues.sent']();
  else metrics['sentry-issues.lost'](1, { reason: status === 429 ? 'limited' : 'refused' });
}

function boundedHttp(send: typeof http.request, ending: AbortSignal): HttpModule {
  return {
    request: (options, callback) => {
      const signal = AbortSignal.any([ending, AbortSignal.timeout(ANSWER_MS)]);
      const hear = callback as ((response: http.IncomingMessage) => void) | undefined; // its type knows no answer without a status
      const isAddress = typeof options === 'string' || options instanceof URL;
      return isAddress ? send(options, { signal }, hear) : send({ ...options, signal }, hear);
    },
  };
}
