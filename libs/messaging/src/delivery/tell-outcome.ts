import { runWith } from '@roofshot/telemetry/context';
import type { LogLevel } from '@roofshot/telemetry/log-level';
import type { TopicPartition } from '../events/bus.ts';
import type { DeliverySetup } from './delivery-setup.ts';
import { metrics } from './delivery-metrics.ts';
import { contextOf, type Verdict } from './run-handler.ts';
import type { Item } from './sort-records.ts';

/** What became of an event; `labels.outcome` in the log, the tag `outcome` of the metric. */
type EventOutcome = 'done' | 'ignored' | 'repeated' | 'skipped' | 'rejected' | 'queued' | 'parked' | 'given-up' | 'dead';

/** One sentence for each, so that equal things can be counted. Those at debug are, with what was said, the path of a request. */
const LINES: Readonly<Record<Exclude<EventOutcome, 'ignored'>, readonly [LogLevel, string]>> = {
  done: ['debug', 'An event was handled.'],
  repeated: ['debug', 'An event that had been handled before was passed over.'],
  skipped: ['warn', 'The handler skipped an event.'],
  rejected: ['warn', 'The handler refused an event.'],
  queued: ['warn', 'An event waits behind its parked key.'],
  parked: ['error', 'A key was parked because one of its events could not be handled.'],
  'given-up': ['error', 'A record that could not be handled went to the dead letters.'],
  dead: ['warn', 'A record went to the dead letters.'],
};

/** Counts events of one outcome; a caller with many of them logs none of those that nobody reads. */
export function countOutcome({ topic }: TopicPartition, outcome: EventOutcome, events: number): void {
  if (events > 0) metrics['events.handled'](events, { topic, outcome });
}

/** Logs one event's outcome under its own trace and correlation id. */
export function logOutcome(
  { log, service }: DeliverySetup,
  what: Item | Verdict['event'],
  outcome: Exclude<EventOutcome, 'ignored'>,
  { reason, error }: { readonly reason?: string; readonly error?: unknown } = {},
): void {
  const [level, sentence] = LINES[outcome];
  if (!log.isEnabled(level)) return;
  const event = 'record' in what ? (what.kind === 'event' ? what.event : undefined) : what;
  const { topic, partition, offset } = 'record' in what ? what.record : what.position;
  const place = { 'labels.topic': topic, 'labels.partition': partition, 'labels.offset': offset };
  runWith(contextOf(service, event), () => log[level](sentence, { ...place, 'labels.outcome': outcome, 'event.reason': reason, error }));
}
