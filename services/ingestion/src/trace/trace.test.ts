import type { EventBus, LogRecord } from '@roofshot/messaging/events';
import { describeHop, type TellData } from './describe-hop.ts';
import { matchRecord } from './match-record.ts';
import { scanLog } from './scan-log.ts';

const record = (over: Partial<LogRecord>): LogRecord => ({
  topic: 'predictions.v1',
  partition: 0,
  offset: 0,
  key: 'flight-1',
  headers: { ce_id: 'e1', ce_type: 'prediction.served', ce_subject: 'flight-1' },
  value: '{"predictionId":"p1","unit":"flight-1","score":0.123456,"degraded":false,"deployment":"flight-delay"}',
  appendedAt: Date.UTC(2026, 0, 1),
  ...over,
});
const tellAll: TellData = (_topic, data) => data;

test('a record is matched by its attributes and by the ids in its data, and by nothing else', () => {
  expect(matchRecord(record({}), 'e1')?.by).toBe('id');
  expect(matchRecord(record({}), 'flight-1')?.by).toBe('subject');
  expect(matchRecord(record({}), 'p1')?.by).toBe('predictionId');
  expect(matchRecord(record({}), 'flight-delay')).toBeNull();
  expect(matchRecord(record({ value: '["p1"]' }), 'p1')).toBeNull();
  expect(matchRecord(record({ value: 'broken "p1"' }), 'p1')).toBeNull();
});

test('a hop says what matters of its type, numbers in four digits, and leaves out what is not so', () => {
  const one = record({});
  const match = matchRecord(one, 'p1');
  expect(match && describeHop(one, match, tellAll)).toMatchObject({
    summary: 'deployment flight-delay, score 0.1235',
    ids: { predictionId: 'p1', unit: 'flight-1' },
    at: '2026-01-01T00:00:00.000Z',
  });
});

/** A partition with gaps, as compaction leaves them: only every third offset is there. */
function logOf(end: number): Pick<EventBus, 'listTopics' | 'bounds' | 'readFrom'> {
  return {
    listTopics: async () => ['audit.v1', 'of-another-system'],
    bounds: async () => [{ topic: 't', partition: 0, topicId: '1', start: 0, end }],
    readFrom: async (_, offset, limit) => {
      const first = Math.ceil(offset / 3) * 3;
      return Array.from({ length: limit }, (__, index) => first + index * 3)
        .filter((at) => at < end)
        .map((at) => record({ topic: 't', offset: at, appendedAt: at, headers: { ce_id: `id-${at}` } }));
    },
  };
}
const limits = { hops: 1_000_000, milliseconds: 60_000, signal: new AbortController().signal };

test('every record is looked at once, gaps or not, and the hops come oldest first', async () => {
  const scanned = await scanLog(logOf(10_000), { id: 'flight-1', tell: tellAll }, limits);
  const offsets = scanned.hops.map(({ offset }) => offset);
  expect(offsets).toEqual(Array.from({ length: 3_334 }, (_, index) => index * 3));
  expect(scanned).toMatchObject({ stoppedBy: null, seenSince: null });
});

test('when the time is up it says since when all was seen', async () => {
  const scanned = await scanLog(logOf(1_000_000), { id: 'id-0', tell: tellAll }, { ...limits, milliseconds: 1 });
  expect(scanned.stoppedBy).toBe('time');
  expect(scanned.seenSince).toBeGreaterThan(0);
});
