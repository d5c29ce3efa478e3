import { runWith } from '@roofshot/telemetry/context';
import { createLogger, type Logger } from '@roofshot/telemetry/logger';

/** The hour that the sample lines are of. */
export const BEGIN = new Date('2026-03-01T10:00:00Z');
export const END = new Date('2026-03-01T11:00:00Z');

/** Lines as services write them, one every 20 seconds from the beginning of the hour. */
function logged(write: (log: Logger) => void): string[] {
  const lines: string[] = [];
  const now = (): Date => new Date(BEGIN.getTime() + (lines.length + 1) * 20_000);
  write(createLogger({ level: 'debug', write: (line) => lines.push(line), now }));
  return lines;
}

/** Ordinary and extraordinary ends of requests, events and commands, each sentence as the platform logs it. */
export function eventfulLines(): string[] {
  return logged((log) => {
    log.info('Ready.', { 'service.name': 'ingestion', 'labels.services': ['ingestion http://127.0.0.1:4101'] });
    sayEvents(log);
    holdUpEvents(log);
    sayCommands(log);
  });
}

/** An hour in which nothing was asked and nothing went wrong; the sentences only sound like others. */
export function quietLines(): string[] {
  return logged((log) => {
    runWith({ service: 'registry' }, () => {
      log.info('Ready.');
      log.debug('An event was published. And so on.', { 'event.action': 'event.quarantined' });
      log.info('Nothing waits: no error, no warn, parked or dead.');
    });
  });
}

const MILLISECOND = 1_000_000;

function sayEvents(log: Logger): void {
  const departed = { 'event.id': 'e-7', 'event.action': 'flight.departed' };
  const topic = { 'labels.topic': 'events.flight.departed' };
  runWith({ service: 'ingestion', correlationId: 'flight-7' }, () => {
    log.debug('An event was published.', { ...departed, ...topic });
    answer(log, '/v1/events', 202, 4);
  });
  runWith({ service: 'ingestion', correlationId: 'flight-8' }, () => {
    log.debug('An event was published.', { ...departed, 'event.id': 'e-8', ...topic });
    answer(log, '/v1/events', 202, 3);
    log.debug('An event was published.', { 'event.id': 'q-1', 'event.action': 'event.quarantined', 'labels.topic': 'events-refused.v1' });
    answer(log, '/v1/events', 202, 10);
    answer(log, '/v1/event-types/:name', 404, 1);
  });
  const place = { ...topic, 'labels.partition': 2 };
  runWith({ service: 'features', correlationId: 'flight-7' }, () =>
    log.debug('An event was handled.', { ...departed, ...place, 'labels.offset': 40, 'labels.outcome': 'done' }),
  );
  runWith({ service: 'features', correlationId: 'flight-8' }, () =>
    log.debug('An event was handled.', { ...departed, ...place, 'labels.offset': 41, 'labels.outcome': 'done' }),
  );
}

function answer(log: Logger, route: string, status: number, milliseconds: number): void {
  log.debug('A request was answered.', {
    'http.request.method': 'POST',
    'http.response.status_code': status,
    'url.path': route,
    'event.duration': milliseconds * MILLISECOND,
    'labels.route': route,
  });
}

function holdUpEvents(log: Logger): void {
  const at = (offset: number, outcome: string) => ({
    'event.id': `e-${offset}`,
    'event.action': 'flight.departed',
    'labels.topic': 'events.flight.departed',
    'labels.partition': 2,
    'labels.offset': offset,
    'labels.outcome': outcome,
  });
  const error = new Error('cannot bear 3');
  runWith({ service: 'experiments', correlationId: 'flight-7' }, () =>
    log.error('A key was parked because one of its events could not be handled.', {
      ...at(41, 'parked'),
      'event.reason': 'Error: cannot bear 3',
      error,
    }),
  );
  runWith({ service: 'experiments' }, () => {
    log.warn('An event waits behind its parked key.', { ...at(42, 'queued'), 'event.reason': 'its key is parked' });
    log.warn('A record went to the dead letters.', { ...at(43, 'dead'), 'event.reason': 'It is no CloudEvent.' });
    log.warn('The handler refused an event.', { ...at(44, 'rejected'), 'event.reason': 'the flight is unknown' });
    log.warn('The handler skipped an event.', { ...at(45, 'skipped'), 'event.reason': 'the flight was cancelled' });
    log.error('A partition was stopped and needs someone to look at it.', { 'labels.topic': 'exposures.v1', 'labels.partition': 0, error });
  });
  runWith({ service: 'features' }, () => {
    log.warn('A record that cannot be read was left out of what is followed.', { 'labels.topic': 'event-types.v1', 'labels.partition': 0 });
    log.warn('The online store did not take the newest feature values; it is tried again, and meanwhile their age grows.', { error });
    log.info('A server is there again.');
  });
}

function sayCommands(log: Logger): void {
  const promote = { 'event.action': 'model-version.promote', 'labels.queue': 'model-version.promote.v1' };
  runWith({ service: 'registry', correlationId: 'decision-1' }, () => {
    log.debug('A command was sent.', { ...promote, 'event.id': 'c-1' });
    log.debug('A command was handled.', { ...promote, 'event.id': 'c-1', 'labels.outcome': 'done', 'event.duration': 10 * MILLISECOND });
    log.error('A command went to the dead letters.', {
      ...promote,
      'event.id': 'c-2',
      'labels.outcome': 'dead',
      'event.duration': 50 * MILLISECOND,
      'event.reason': 'Error: the model is unknown',
      error: new Error('the model is unknown'),
    });
  });
}
