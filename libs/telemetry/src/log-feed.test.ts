import { LogRing } from './log-feed.ts';
import { createLogger } from './logger.ts';
import type { LogRecord } from './log-record.ts';

function line(message: string): LogRecord {
  return { '@timestamp': '2001-01-14T00:00:00.000Z', 'log.level': 'info', message };
}

const messages = (records: readonly LogRecord[]): string[] => records.map(({ message }) => message);

it('keeps the last lines only, oldest first', () => {
  const ring = new LogRing(3);
  for (const message of ['a', 'b', 'c', 'd']) ring.push(line(message));
  expect(messages(ring.recentLines())).toEqual(['b', 'c', 'd']);
  expect(messages(ring.recentLines(2))).toEqual(['c', 'd']);
  expect(messages(ring.recentLines(99))).toEqual(['b', 'c', 'd']);
  expect(ring.recentLines(0)).toEqual([]);
});

it('gives the lines it has while it is not full', () => {
  const ring = new LogRing(3);
  ring.push(line('a'));
  expect(messages(ring.recentLines())).toEqual(['a']);
});

it('each subscription hears every line until its own end', () => {
  const ring = new LogRing();
  const heard: string[] = [];
  const listener = (record: LogRecord): void => void heard.push(record.message);
  const leave = ring.onLine(listener);
  ring.onLine(listener);
  ring.push(line('a'));
  leave();
  ring.push(line('b'));
  expect(heard).toEqual(['a', 'a', 'b']);
});

it('a listener that throws is dropped with a warning, and the others still hear the line', () => {
  const lines: string[] = [];
  const heard: string[] = [];
  const logger = createLogger({ write: (text) => lines.push(text) });
  logger.feed.onLine(() => {
    throw new Error('broken view');
  });
  logger.feed.onLine(({ message }) => heard.push(message));
  logger.info('one');
  logger.info('two');
  expect(heard).toEqual(['one', 'A listener of the log feed threw and was unsubscribed.', 'two']);
  expect(lines.filter((text) => text.includes('broken view'))).toHaveLength(1);
});

it('a listener gets what was thrown, as it was, beside the line', () => {
  const heard: unknown[] = [];
  const logger = createLogger({ write: () => undefined });
  logger.feed.onLine((_record, thrown) => heard.push(thrown));
  const error = new Error('broken', { cause: new Error('deeper') });
  logger.error('failed', { error });
  logger.child({ error }).error('failed again');
  logger.error('failed without one');
  expect(heard[0]).toBe(error);
  expect(heard.slice(1)).toEqual([error, undefined]);
});

it('a listener that logs does not call itself without end', () => {
  const lines: string[] = [];
  const logger = createLogger({ write: (text) => lines.push(text) });
  logger.feed.onLine(() => logger.info('seen'));
  logger.info('one');
  expect(lines).toHaveLength(2);
  expect(messages(logger.feed.recentLines())).toEqual(['one', 'seen']);
});
