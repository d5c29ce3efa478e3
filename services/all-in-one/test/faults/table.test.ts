import type { Row } from './run-fault.ts';
import { documentWith, lineOf } from './table.ts';

const row = (fault: string, over: Partial<Row> = {}): Row => {
  const counts = { sent: 10, acknowledged: 9, observed: 9, lost: 0, doubled: 0, outOfOrder: 0, repeated: 2, secondsToRecover: 1.25 };
  return { fault, ground: 'brokers', ...counts, ...over };
};
const names = ['a cable is cut', 'a disk is full', 'a process dies'];
const none = new Map<string, string>();
const rowsIn = (text: string): string[] => text.split('\n').filter((line) => /^\| (\*\*✗|a )/.test(line));

describe('the document of faults', () => {
  it('has a row for each fault that was tried, in the order of the faults, and names the others', () => {
    const text = documentWith('', { ground: 'brokers', names, rows: [row('a process dies'), row('a cable is cut')], notes: none });
    expect(rowsIn(text)).toEqual([
      '| a cable is cut | 10 | 9 | 9 | 0 | 0 | 0 | 2 | 1.3 |',
      '| a process dies | 10 | 9 | 9 | 0 | 0 | 0 | 2 | 1.3 |',
    ]);
    expect(text).toContain('\nNot tried yet: a disk is full.\n');
  });

  it('keeps the rows of other faults and of the other ground when some are tried again', () => {
    const first = documentWith('', {
      ground: 'brokers',
      names,
      rows: [row('a cable is cut'), row('a process dies', { lost: 3 })],
      notes: none,
    });
    const both = documentWith(first, { ground: 'embedded', names, rows: [row('a disk is full', { ground: 'embedded' })], notes: none });
    const again = documentWith(both, { ground: 'brokers', names, rows: [row('a process dies')], notes: none });
    expect(rowsIn(both)).toHaveLength(3);
    expect(rowsIn(both).filter((line) => line.includes('**✗**'))).toHaveLength(1);
    expect(rowsIn(again)).toHaveLength(3);
    expect(again).not.toContain('**✗**');
    expect(again.split('\n## ')).toHaveLength(3);
  });

  it('says of a fault why it could not be judged, in place of its older row', () => {
    const before = documentWith('', { ground: 'brokers', names, rows: names.map((name) => row(name)), notes: none });
    const notes = new Map([['a disk is full', 'nobody may mount one here.']]);
    const after = documentWith(before, { ground: 'brokers', names, rows: [], notes });
    expect(rowsIn(after)).toHaveLength(2);
    expect(after).toContain('\na disk is full: nobody may mount one here.\n');
    expect(after).not.toContain('Not tried yet');
  });
});

test('a line on the terminal tells at once whether all is well', () => {
  expect(lineOf(row('a process dies'))).toMatch(/^✓ a process dies: sent 10, .* lost 0, /);
  expect(lineOf(row('a process dies', { outOfOrder: 1 }))).toMatch(/^✗ /);
});
