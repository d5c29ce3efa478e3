import { configureLog } from '@roofshot/telemetry/logger';
import type { LogThreshold } from '@roofshot/telemetry/log-level';
import { logSaid } from './log-said.ts';

const CORRELATION = { ce_correlationid: 'c-1', ce_traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };

function saidAt(level: LogThreshold): Record<string, unknown>[] {
  const lines: string[] = [];
  configureLog({ level, write: (line) => lines.push(line) });
  const headers = { ce_id: 'e-7', ce_type: 'flight.landed', ...CORRELATION };
  const record = { topic: 'events.flight.landed', key: 'a', headers, value: '{}' };
  const command = { queue: 'training', id: 'run-1', headers: { type: 'training-run.start', correlationid: 'c-2' }, payload: '{}' };
  const control = { ...record, headers: { ...headers, ce_id: 'e-8', ce_type: 'source.progressed' } };
  logSaid({ service: 'ingestion', clock: Date.now }, [record, control], [command]);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('tells every message of a transaction under its own correlation id and trace, but no control record', () => {
  expect(saidAt('debug')).toMatchObject([
    {
      message: 'A command was sent.',
      'service.name': 'ingestion',
      'event.id': 'run-1',
      'event.action': 'training-run.start',
      'labels.queue': 'training',
      'labels.correlation_id': 'c-2',
    },
    {
      message: 'An event was published.',
      'event.id': 'e-7',
      'event.action': 'flight.landed',
      'labels.topic': 'events.flight.landed',
      'labels.correlation_id': 'c-1',
      'trace.id': '4bf92f3577b34da6a3ce929d0e0e4736',
    },
  ]);
});

it('says nothing where nobody reads such lines', () => {
  expect(saidAt('info')).toEqual([]);
});
