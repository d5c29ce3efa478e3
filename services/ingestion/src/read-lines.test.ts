import { PassThrough, Readable } from 'node:stream';
import { readLineGroups } from './read-lines.ts';

const lineOf = (n: number): string => `{"n":${n}}\n`;
async function numbersOf(chunks: Iterable<Buffer | string>): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { lines } of readLineGroups(Readable.from(chunks))) numbers.push(...lines);
  return numbers;
}

describe('lines of a sender', () => {
  it('who pauses are given on, and counted on afterwards', async () => {
    const body = new PassThrough();
    const groups = readLineGroups(body);
    body.write(lineOf(1) + lineOf(2) + '{"n":'); // and half of the third
    const first = await groups.next();
    expect(first.value).toMatchObject({ lines: [1, 2], events: [{ value: { n: 1 } }, { value: { n: 2 } }] });
    body.end('3}\n');
    expect((await groups.next()).value).toMatchObject({ lines: [3], events: [{ value: { n: 3 } }] });
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

  it('are numbered as an editor numbers them, blank ones too, wherever the body is cut', async () => {
    const body = Buffer.from(`\n${lineOf(1)}\r\n \t\n${lineOf(2)}{"n":\n\n${lineOf(3).trimEnd()}`);
    const texts = body.toString().split('\n');
    const found = new Set<string>();
    for (let size = 1; size <= body.length; size += 1) {
      const chunks = Array.from({ length: Math.ceil(body.length / size) }, (_, index) => body.subarray(index * size, (index + 1) * size));
      found.add((await numbersOf(chunks)).map((line) => texts[line - 1]).join(' '));
    }
    expect([...found]).toEqual(['{"n":1} {"n":2} {"n": {"n":3}']);
  });

  it('are named by these numbers where they cannot be read', async () => {
    const { value } = await readLineGroups(Readable.from(['\n\n{broken\n'])).next();
    expect(value).toMatchObject({
      lines: [3],
      events: [{ unreadable: { detail: expect.stringContaining('Line 3 is no JSON') as string } }],
    });
  });

  it('are counted on through a flood of blank ones', async () => {
    const blank = Buffer.alloc(512 * 1024, '\n');
    expect(await numbersOf([blank, lineOf(1), blank, lineOf(2)])).toEqual([512 * 1024 + 1, 1024 * 1024 + 2]);
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
