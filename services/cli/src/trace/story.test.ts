import type { TraceHop } from '@roofshot/contracts/http/ingestion';
import { gapsOf } from './gaps.ts';
import { durationWords, timelineLines } from './timeline.ts';

const hop = (over: Partial<TraceHop>): TraceHop => ({
  at: '2026-01-01T00:00:00.000Z',
  time: null,
  topic: 'predictions.v1',
  partition: 1,
  offset: 7,
  type: 'prediction.served',
  id: 'e1',
  subject: null,
  correlationId: null,
  by: 'predictionId',
  summary: 'decision warn, experiment trees',
  ids: { predictionId: 'p1' },
  ...over,
});

test('a prediction of an experiment without its exposure is a gap, and with it none', () => {
  expect(gapsOf([hop({})])).toEqual(['No exposure of prediction p1 is on the log yet: its experiment does not count the unit.']);
  expect(gapsOf([hop({}), hop({ type: 'exposure.recorded' })])).toEqual([]);
  expect(gapsOf([hop({ summary: 'decision warn' })])).toEqual([]);
});

test('a run that has not ended, and one whose version is not registered, are gaps', () => {
  const run = { ids: { runId: 'r1' } };
  const begun = hop({ ...run, type: 'training-run.started' });
  const ended = hop({ ...run, type: 'training-run.finished' });
  const registered = hop({ ...run, type: 'model-version.registered' });
  expect(gapsOf([begun])).toEqual([expect.stringContaining('r1 has begun and has not ended')]);
  expect(gapsOf([begun, ended])).toEqual([expect.stringContaining('no version of it is registered')]);
  expect(gapsOf([begun, ended, registered])).toEqual([]);
  expect(gapsOf([begun, hop({ ...run, type: 'training-run.failed' })])).toEqual([]);
});

test('a refused event is a gap until the same id was accepted', () => {
  const refused = hop({ type: 'event.quarantined', topic: 'events-refused.v1', id: 'q', ids: { eventId: 'order-1' } });
  expect(gapsOf([refused])).toEqual([expect.stringContaining('Event order-1 was refused')]);
  expect(gapsOf([refused, hop({ type: 'order.placed', topic: 'events.order.placed', id: 'order-1', ids: {} })])).toEqual([]);
});

test('hops and log lines are one story in time order, with the pauses in it', () => {
  const line = {
    at: '2026-01-01T00:00:00.250Z',
    service: 'serving',
    level: 'warn',
    message: 'A version is slow.',
    correlationId: 'c',
    action: null,
    channel: null,
    error: null,
  };
  const published = { ...line, level: 'debug', message: 'An event was published.', action: 'shadow.scored', channel: 'predictions.v1' };
  const later = hop({ at: '2026-01-01T02:13:00.250Z', type: 'order.settled', summary: '', subject: 'o1', time: '2026-01-01T02:00:00Z' });
  expect(timelineLines([hop({}), later], [line, published])).toEqual([
    '2026-01-01T00:00:00.000Z             prediction.served  [predictions.v1/1 @7]',
    '                                     decision warn, experiment trees',
    '2026-01-01T00:00:00.250Z    +250 ms  log warn serving: A version is slow.',
    '2026-01-01T00:00:00.250Z      +0 ms  log debug serving: An event was published.  shadow.scored  [predictions.v1]',
    '  … 2 h 13 min in which the log says nothing of it …',
    '2026-01-01T02:13:00.250Z  +2 h 13 min  order.settled of o1 (event time 2026-01-01T02:00:00Z)  [predictions.v1/1 @7]',
  ]);
});

test('durations are written as people say them', () => {
  expect([12, 3_400, 310_000, 7_980_000, 273_600_000].map(durationWords)).toEqual([
    '12 ms',
    '3.4 s',
    '5 min 10 s',
    '2 h 13 min',
    '3 d 4 h',
  ]);
});
