import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';
import { endWhenSilent } from './end-silent-body.ts';

const bodyOf = (parts: number, everyMs: number): Readable => {
  const body = new PassThrough();
  void (async () => {
    for (let part = 0; part < parts; part += 1) {
      body.write('x');
      await after(everyMs);
    }
    body.end();
  })();
  return body;
};

describe('a body', () => {
  it('that stops before its end is ended', async () => {
    const body = new PassThrough();
    body.write('[');
    endWhenSilent(body, 30);
    await once(body, 'close');
    expect(body.readableEnded).toBe(false);
  });

  it('that comes slowly comes whole', async () => {
    const body = bodyOf(8, 40); // longer than the silence that is borne, altogether
    body.on('data', endWhenSilent(body, 250));
    expect(await text(body)).toBe('xxxxxxxx');
  });
});
