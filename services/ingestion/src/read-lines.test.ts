import { PassThrough, Readable } from 'node:stream';
import { readLineGroups } from './read-lines.ts';

const lineOf = (n: number): string => `{"n":${n}}\n`;

describe('lines of a sender', () => {
  it('who pauses are given on, and counted on afterwards', async () => {
    const body = new PassThrough();
    const groups = readLineGroups(body);
    body.write(lineOf(1) + lineOf(2) + '{"n":'); // and half of the third
    const first = await groups.next();
    expect(first.value).toMatchObject({ firstLine: 1, events: [{ value: { n: 1 } }, { value: { n: 2 } }] });
    body.end('3}\n');
    expect((await groups.next()).value).toMatchObject({ firstLine: 3, events: [{ value: { n: 3 } }] });
    expect((await groups.next()).done).toBe(true);
  });

  it('who does not pause come in groups that fit into memory', async () => {
    const sizes: number[] = [];
    const chunks = (function* () {
      for (let n = 0; n < 25; n += 1) yield Array.from({ length: 100 }, (_, index) => lineOf(100 * n + index)).join('');
      for (let n = 0; n < 3; n += 1) yield `{"text":"${'x'.repeat(700_000)}"}\n`;
    })();
    for await (const { events } of readLineGroups(Readable.from(chunks))) sizes.push(events.length);
    expect(sizes).toEqual([1_000, 1_000, 502, 1]);
  });

  it('of whom a part breaks fail where it breaks, with what came before', async () => {
    const body = new PassThrough();
    const groups = readLineGroups(body);
    body.write(lineOf(1));
    expect((await groups.next()).value).toMatchObject({ events: [{ value: { n: 1 } }] });
    body.destroy(new Error('it is gone'));
    await expect(groups.next()).rejects.toThrow('it is gone');
  });
});
