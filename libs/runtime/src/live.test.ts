import { wholeMessages } from './gateway-live.ts';
import { lastSaid, pause, totalsOf } from './live.ts';

test('a counter is told as its sum, and by the value of its one tag', () => {
  const totals = totalsOf([
    { name: 'events.received', tags: { verdict: 'accepted' }, total: 5 },
    { name: 'events.received', tags: { verdict: 'late' }, total: 2 },
    { name: 'rows.written', tags: {}, total: 7 },
    { name: 'commands.handled', tags: { command: 'x', outcome: 'done' }, total: 3 },
  ]);
  expect(totals).toEqual({
    'events.received': 7,
    'events.received/accepted': 5,
    'events.received/late': 2,
    'rows.written': 7,
    'commands.handled': 3,
  });
});

test('of each type a frame brings the last ones, in their order, and every decision', () => {
  const message = { service: 'ingestion', at: 0, kind: 'event' } as const;
  const flood = Array.from({ length: 9 }, (_, index) => ({ ...message, type: 'order.placed', seq: index + 2 }));
  const promoted = [20, 21, 22, 23].map((seq) => ({ ...message, type: 'model-version.promoted', seq, data: {} }));
  const frame = lastSaid([{ ...message, type: 'event-type.changed', seq: 1 }, ...flood, ...promoted]);
  expect(frame.map(({ seq }) => seq)).toEqual([1, 8, 9, 10, 20, 21, 22, 23]);
});

async function* bytesOf(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? new TextEncoder().encode(part) : part;
}

async function collect(parts: AsyncIterable<Uint8Array>): Promise<string[]> {
  const messages: string[] = [];
  for await (const message of wholeMessages(parts)) messages.push(message);
  return messages;
}

test('messages come whole, however the bytes are cut; a half one at the end is left out', async () => {
  const euro = new TextEncoder().encode('€');
  const messages = await collect(bytesOf('data: 1\n', '\ndata: ', euro.slice(0, 1), euro.slice(1), '\n\nda', 'ta: 3\n\ndata: 4'));
  expect(messages).toEqual(['data: 1\n\n', 'data: €\n\n', 'data: 3\n\n']);
});

test('a stream without end of message is given up', async () => {
  await expect(collect(bytesOf('x'.repeat(4_000_001)))).rejects.toThrow('no stream of frames');
});

test('a pause ends with the abort', async () => {
  const stop = new AbortController();
  const paused = pause(600_000, stop.signal);
  stop.abort();
  await paused;
  await pause(600_000, stop.signal);
  expect(stop.signal.aborted).toBe(true);
});
