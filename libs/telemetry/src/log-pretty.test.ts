import { createLogger } from './logger.ts';
import { formatPretty } from './log-pretty.ts';

function pretty(color: boolean, log: (logger: ReturnType<typeof createLogger>) => void): string {
  const lines: string[] = [];
  const now = (): Date => new Date('2001-01-14T12:03:04.123Z');
  log(
    createLogger({
      write: (line) => lines.push(line),
      format: formatPretty({ color }),
      service: { name: 'features', version: '0.1.0' },
      now,
    }),
  );
  return lines.join('\n');
}

it('shows time, level, service, message and the fields that vary', () => {
  const text = pretty(false, (logger) =>
    logger.warn('A message was refused.', { 'event.id': '7', 'labels.reason': 'no schema', 'event.duration': 3 }),
  );
  expect(text).toBe('12:03:04.123 WARN  features    A message was refused.  event.id=7 reason="no schema" event.duration=3');
});

it('indents the stack trace below the line', () => {
  const text = pretty(false, (logger) => logger.error('It failed.', { error: new Error('why', { cause: new Error('because') }) }));
  expect(text).toMatch(/It failed\.\n {4}Error: why\n {8}at [^]*\n {4}caused by: Error: because\n/);
});

it('paints only where colours are wanted', () => {
  const log = (logger: ReturnType<typeof createLogger>): void => logger.info('Hello.');
  expect(pretty(true, log)).toContain('\u001b[36mINFO \u001b[0m');
  expect(pretty(false, log)).not.toContain('\u001b');
});
