import type { EventBus } from '@roofshot/messaging/events';
import { createLogger } from '@roofshot/telemetry/logger';
import type { SpoolEntry } from '../spool/entries.ts';
import { served } from '../spool/sample-lines.ts';
import { LARGE_CHARACTERS, LogRoom } from './log-room.ts';

type OversizeOf = EventBus['oversizeOf'];

const log = createLogger({ write: () => undefined });
const roomOn = (oversizeOf: OversizeOf): LogRoom => new LogRoom('spool', { name: 'serving', clock: () => 0, events: { oversizeOf }, log });
const answered = (...notes: string[]): SpoolEntry => ({
  cause: {},
  served: notes.map((note, i) => served(`p-${i}`, { context: { note } })),
  exposed: [],
  shadowed: [],
});
const large = 'x'.repeat(LARGE_CHARACTERS + 1);
const tooLarge: OversizeOf = (records) => Promise.resolve(records.map(() => ({ bytes: 9, limit: 5 })));

test('a large question is refused when the log would not take it, by its place among the others', async () => {
  await expect(roomOn(tooLarge).refuseTooLarge(answered('short', large), true)).rejects.toMatchObject({
    code: 'too-large',
    detail: { faults: [{ path: '/requests/1', message: 'would make a record of about 9 bytes, and its topic takes 5' }] },
  });
});

test('short questions are not looked at, however many share a request', async () => {
  await expect(roomOn(tooLarge).refuseTooLarge(answered(...Array<string>(100).fill('x'.repeat(1_000))), true)).resolves.toBeUndefined();
});

test('no question waits for a log that does not answer, or cannot tell', async () => {
  const never: OversizeOf = () => new Promise(() => undefined);
  const away: OversizeOf = () => Promise.reject(new Error('Kafka is away.'));
  await expect(roomOn(never).refuseTooLarge(answered(large), false)).resolves.toBeUndefined();
  await expect(roomOn(away).refuseTooLarge(answered(large), false)).resolves.toBeUndefined();
});
