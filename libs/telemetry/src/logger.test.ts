import { runWith } from './context.ts';
import { configureLog, createLogger, log, type Logger } from './logger.ts';
import { isEnabled, LOG_LEVELS, parseLogLevel, type LogThreshold } from './log-level.ts';

const NOW = new Date('2001-01-14T12:03:04.123Z');
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

interface Capture {
  readonly logger: Logger;
  readonly lines: string[];
  /** The only line so far, parsed. */
  readonly line: () => Record<string, unknown>;
}

function capture(level: LogThreshold = 'trace'): Capture {
  const lines: string[] = [];
  const service = { name: 'all', version: '0.1.0', environment: 'test' };
  const logger = createLogger({ level, write: (line) => lines.push(line), now: () => NOW, service });
  return { logger, lines, line: () => JSON.parse(lines[0] ?? 'null') as Record<string, unknown> };
}

describe('a line', () => {
  it('is ECS with dotted keys and nothing nested', () => {
    const { logger, line } = capture();
    logger.info('An event was accepted.', { 'event.id': '7', 'event.duration': 12 });
    expect(line()).toEqual({
      '@timestamp': '2001-01-14T12:03:04.123Z',
      'log.level': 'info',
      message: 'An event was accepted.',
      'ecs.version': '8.11.0',
      'service.name': 'all',
      'service.version': '0.1.0',
      'service.environment': 'test',
      'event.id': '7',
      'event.duration': 12,
    });
  });

  it('carries service, trace, correlation id and fields of the work it belongs to', () => {
    const { logger, line } = capture();
    const context = { service: 'features', serviceVersion: '2.0.0', correlationId: 'c-1', traceparent: TRACEPARENT };
    runWith({ ...context, fields: { 'event.action': 'flight.landed' } }, () => logger.warn('Late.'));
    expect(line()).toMatchObject({
      'log.level': 'warn',
      'service.name': 'features',
      'service.version': '2.0.0',
      'trace.id': '4bf92f3577b34da6a3ce929d0e0e4736',
      'span.id': '00f067aa0ba902b7',
      'labels.correlation_id': 'c-1',
      'event.action': 'flight.landed',
    });
  });

  it('is one line whatever is in it', () => {
    const { logger, lines, line } = capture();
    logger.info('Two\nlines', { 'labels.note': 'a\r\nb\u2028c', error: new Error('x\ny') });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    expect(line()).toMatchObject({ message: 'Two\nlines', 'labels.note': 'a\r\nb\u2028c' });
  });

  it('takes values that JSON does not know', () => {
    const { logger, line } = capture();
    logger.info('Values.', {
      'labels.big': 12345678901234567890n,
      'labels.when': NOW,
      'labels.never': new Date(Number.NaN),
      'labels.nan': Number.NaN,
      'labels.none': null,
      'labels.absent': undefined,
      'labels.list': ['a', 1, true],
    });
    expect(line()).toMatchObject({
      'labels.big': '12345678901234567890',
      'labels.when': '2001-01-14T12:03:04.123Z',
      'labels.never': 'invalid date',
      'labels.nan': 'NaN',
      'labels.none': null,
      'labels.list': ['a', 1, true],
    });
    expect(line()).not.toHaveProperty(['labels.absent']);
  });

  it('survives an object that refers to itself', () => {
    const { logger, line } = capture();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    logger.info('Circle.', { 'labels.circle': circle as never });
    expect(line()).toMatchObject({ message: 'Circle.', 'labels.circle': expect.stringContaining('not writable as JSON') });
  });

  it('keeps its own fields: a caller cannot change the level or time, or break the mapping', () => {
    const { logger, line } = capture();
    const fields = { 'log.level': 'fatal', 'ecs.version': '1', message: 'other', event: 'x' };
    logger.info('Mine.', fields);
    expect(line()).toMatchObject({ 'log.level': 'info', 'ecs.version': '8.11.0', message: 'Mine.' });
    expect(line()).toMatchObject({ 'labels.log_level': 'fatal', 'labels.message': 'other', 'labels.event': 'x' });
  });

  it('never holds a secret', () => {
    const { logger, lines } = capture();
    const error = new Error('connect postgres://roofshot:hunter2@db:5432/x failed');
    logger.error('Failed at kafka://me:hunter2@broker.', {
      error,
      'labels.write_key': 'hunter2',
      'http.request.headers.authorization': 'Bearer hunter2',
      'labels.url': 'amqp://u:hunter2@rabbit/%2f',
    });
    expect(lines[0]).not.toContain('hunter2');
    expect(lines[0]).toContain('postgres://roofshot:[redacted]@db:5432/x');
  });

  it('holds no part of a secret that lies where a long text is cut', () => {
    const { logger, lines } = capture();
    logger.info('Long.', { 'labels.body': `${'x'.repeat(16_360)} postgres://u:hunter2hunter2@db` });
    expect(lines[0]).not.toContain('hunter');
  });

  it('holds nothing that a parser quotes of its input, however long', () => {
    const { logger, lines } = capture();
    let thrown: unknown;
    try {
      JSON.parse('{"name": Ada Lovelace}');
    } catch (error) {
      thrown = error;
    }
    logger.warn('Broken.', { error: thrown, 'event.reason': 'invalid input syntax for type integer: "Ada Lovelace"' });
    logger.warn('Broken.', { 'event.reason': `invalid input syntax for type json: "${'Lovelace '.repeat(5_000)}"` });
    expect(lines.join()).not.toMatch(/Ada L|Lovela/);
    expect(lines[0]).toContain('is not valid JSON');
  });

  it('cuts a text that is too long to index, and says so', () => {
    const { logger, line } = capture();
    logger.info('Long.', { 'labels.body': 'x'.repeat(20_000) });
    expect(String(line()['labels.body'])).toMatch(/^x{16384}… \(3616 more characters cut\)$/);
  });
});

describe('a child logger', () => {
  it('adds its fields to each line, and the line may say otherwise', () => {
    const { logger, line } = capture();
    const child = logger.child({ 'event.dataset': 'delivery', 'labels.group': 'features' }).child({ 'labels.topic': 'events.a' });
    child.info('Done.', { 'labels.group': 'serving' });
    expect(line()).toMatchObject({ 'event.dataset': 'delivery', 'labels.group': 'serving', 'labels.topic': 'events.a' });
  });
});

describe('the level', () => {
  it('lets pass what is as severe or more', () => {
    const { logger, lines } = capture('warn');
    for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) logger[level](level);
    expect(lines.map((line) => (JSON.parse(line) as { message: string }).message)).toEqual(['warn', 'error', 'fatal']);
    expect([logger.isEnabled('info'), logger.isEnabled('warn')]).toEqual([false, true]);
  });

  it('silent lets nothing pass', () => {
    expect(isEnabled('fatal', 'silent')).toBe(false);
  });

  it('is read from LOG_LEVEL in any case, and info where that is absent', () => {
    expect(LOG_LEVELS.map((level) => parseLogLevel(level.toUpperCase()))).toEqual([...LOG_LEVELS]);
    expect([parseLogLevel(undefined), parseLogLevel('')]).toEqual(['info', 'info']);
  });

  it('that does not exist is refused with the list of those that do', () => {
    expect(() => parseLogLevel('verbose')).toThrow('LOG_LEVEL is "verbose", which is no log level. Set it to one of trace, debug, info');
  });
});

describe('the process-wide logger', () => {
  it('writes where it is configured to, also through loggers made earlier, and its feed stays', () => {
    const lines: string[] = [];
    const earlier = log.child({ 'labels.part': 'early' });
    const heard: string[] = [];
    const leave = log.feed.onLine((record) => heard.push(record.message));
    configureLog({
      level: 'debug',
      write: (line) => lines.push(line),
      format: (record) => `${record.message} ${String(record['labels.part'])}`,
    });
    earlier.debug('Hello.');
    leave();
    earlier.debug('Bye.');
    expect(lines).toEqual(['Hello. early', 'Bye. early']);
    expect(heard).toEqual(['Hello.']);
    expect(log.feed.recentLines(2).map(({ message }) => message)).toEqual(['Hello.', 'Bye.']);
  });
});
