import { wholeMessages } from './gateway-live.ts';
import { pause, totalsOf } from './live.ts';

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
