import { eventually } from '@roofshot/testing/eventually';
import type { LineTarget } from './log-target.ts';
import { BufferedWriter } from './log-writer.ts';

/** A target in memory that takes at most `atOnce` bytes a call and fails while it is told to. */
class MemoryTarget implements LineTarget {
  readonly name = 'memory';
  readonly completesAlone = false;
  isBroken = false;
  isClosed = false;
  calls = 0;
  text = '';
  private readonly atOnce: number;

  constructor(atOnce = Number.MAX_SAFE_INTEGER) {
    this.atOnce = atOnce;
  }

  take(bytes: Buffer): Promise<number> {
    this.calls += 1;
    return Promise.resolve().then(() => this.takeNow(bytes));
  }

  takeNow(bytes: Buffer): number {
    if (this.isBroken) throw new Error('ENOSPC');
    const taken = bytes.subarray(0, this.atOnce);
    this.text += taken.toString();
    return taken.length;
  }

  close(): void {
    this.isClosed = true;
  }
}

function open(target: LineTarget): { readonly writer: BufferedWriter; readonly complaints: string[] } {
  const complaints: string[] = [];
  return { writer: new BufferedWriter(target, (sentence) => complaints.push(sentence)), complaints };
}

it('lines come out in order after a moment, without anyone asking, many in one write', async () => {
  const target = new MemoryTarget();
  const { writer } = open(target);
  for (let i = 0; i < 100; i++) writer.write(`line ${i}`);
  expect(target.text).toBe('');
  await eventually(() => expect(target.text).toBe(Array.from({ length: 100 }, (_, i) => `line ${i}\n`).join('')));
  expect(target.calls).toBe(1);
  await writer.close();
});

it('goes on where the target stopped when it takes only a part', async () => {
  const target = new MemoryTarget(3);
  const { writer } = open(target);
  writer.write('a longer line');
  await writer.flush();
  expect(target.text).toBe('a longer line\n');
  await writer.close();
});

it('flush has written everything that came before it, also while another flush runs or after an empty one', async () => {
  const target = new MemoryTarget();
  const { writer } = open(target);
  await writer.flush();
  writer.write('one');
  const first = writer.flush();
  writer.write('two');
  await Promise.all([first, writer.flush()]);
  expect(target.text).toBe('one\ntwo\n');
  await writer.close();
});

it('close writes the rest, closes the target, and is harmless twice', async () => {
  const target = new MemoryTarget();
  const { writer, complaints } = open(target);
  writer.write('last');
  await Promise.all([writer.close(), writer.close()]);
  expect([target.text, target.isClosed, complaints]).toEqual(['last\n', true, []]);
});

it('keeps the lines of a failing target, says so once, and writes them when it works again', async () => {
  const target = new MemoryTarget();
  const { writer, complaints } = open(target);
  target.isBroken = true;
  writer.write('one');
  await writer.flush();
  writer.write('two');
  await writer.flush();
  expect(complaints).toEqual(['Log lines cannot be written to memory (Error: ENOSPC). They are kept and tried again.']);
  target.isBroken = false;
  await eventually(() => expect(target.text).toBe('one\ntwo\n'));
  expect(complaints.at(-1)).toBe('Log lines are written to memory again. Lost in between: 0.');
  await writer.close();
});

it('while a target fails it keeps at most some megabytes, and counts and tells what it drops', async () => {
  const target = new MemoryTarget();
  const { writer, complaints } = open(target);
  target.isBroken = true;
  const megabyte = 'x'.repeat(1024 * 1024);
  for (let i = 0; i < 10; i++) writer.write(megabyte);
  expect(writer.lost).toBe(3);
  await writer.close();
  expect(complaints.at(-1)).toBe('Log lines lost: 10, because memory did not take them. Check its disk, permissions or reader.');
});

it('a line after close is counted as lost', async () => {
  const { writer } = open(new MemoryTarget());
  await writer.close();
  writer.write('too late');
  expect(writer.lost).toBe(1);
});
