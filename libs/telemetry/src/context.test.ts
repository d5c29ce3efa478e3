import { setImmediate as nextTurn } from 'node:timers/promises';
import { continueFrom, currentContext, runIn, runWith } from './context.ts';
import { parseTraceparent } from './trace.ts';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

it('is empty where nothing was set', () => {
  expect(currentContext()).toEqual({});
});

it('follows work through awaits, and two services at work at once keep their names', async () => {
  const nameAfterAwait = (service: string): Promise<string | undefined> =>
    runWith({ service }, async () => {
      await nextTurn();
      return currentContext().service;
    });
  expect(await Promise.all([nameAfterAwait('features'), nameAfterAwait('serving')])).toEqual(['features', 'serving']);
  expect(currentContext()).toEqual({});
});

it('an inner context inherits what it does not name and adds its fields', () => {
  runWith({ service: 'features', correlationId: 'c-1', fields: { 'event.action': 'flight.landed' } }, () =>
    runWith({ correlationId: 'c-2', fields: { 'event.id': '7' } }, () =>
      expect(currentContext()).toEqual({
        service: 'features',
        correlationId: 'c-2',
        fields: { 'event.action': 'flight.landed', 'event.id': '7' },
      }),
    ),
  );
});

it('a part of a request runs in its own context, wherever it was started from', () => {
  runWith({ service: 'gateway', fields: { 'event.id': '7' } }, () =>
    runIn({ service: 'serving', correlationId: 'c-1' }, () =>
      expect(currentContext()).toEqual({ service: 'serving', correlationId: 'c-1' }),
    ),
  );
});

it('an invalid traceparent becomes the start of a new trace', () => {
  runWith({ traceparent: TRACEPARENT }, () => {
    expect(currentContext().traceparent).toBe(TRACEPARENT);
    runWith({ traceparent: 'nonsense' }, () => {
      expect(parseTraceparent(currentContext().traceparent)).toBeDefined();
      expect(currentContext().traceparent).not.toBe(TRACEPARENT);
    });
  });
});

it('an incoming request goes on as a child span under its correlation id', () => {
  const { traceparent, correlationId } = continueFrom({ traceparent: TRACEPARENT, correlationId: 'order-17' });
  expect(correlationId).toBe('order-17');
  expect(traceparent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
  expect(traceparent).not.toBe(TRACEPARENT);
});

it.each([undefined, '', 'two words', 'x'.repeat(129), 'line\nend', ['a', 'b'], 7])(
  'the trace id stands in for the correlation id %p',
  (correlationId) => {
    const next = continueFrom({ traceparent: TRACEPARENT, correlationId });
    expect(next.correlationId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
  },
);
