import type { LogRecord } from '../events/bus.ts';
import { ORIGIN_HEADER, SEQUENCE_HEADER } from '../events/carried-headers.ts';
import { Repetitions } from './repetitions.ts';

let offset = 0;
function carried(origin: string | undefined, sequence = 0): { record: LogRecord; name: string } {
  const headers: Record<string, string> = origin === undefined ? {} : { [ORIGIN_HEADER]: origin, [SEQUENCE_HEADER]: `${sequence}` };
  return {
    name: `${origin}${sequence}`,
    record: { topic: 't', partition: 0, offset: (offset += 1), key: 'k', headers, value: '{}', appendedAt: 0 },
  };
}
const names = (items: readonly { name: string }[]): string[] => items.map(({ name }) => name);

describe('what an outbox sends a second time', () => {
  it('is recognised within a batch and across batches, stream by stream', () => {
    const repetitions = new Repetitions();
    const first = repetitions.recognise([
      carried('a', 1),
      carried('b', 1),
      carried('a', 3),
      carried('a', 1),
      carried('a', 3),
      carried('a', 4),
    ]);
    expect(names(first.fresh)).toEqual(['a1', 'b1', 'a3', 'a4']);
    expect(names(first.repeated)).toEqual(['a1', 'a3']);
    repetitions.passed(first.marks);
    expect(names(repetitions.recognise([carried('a', 4), carried('b', 2), carried('a', 5)]).fresh)).toEqual(['b2', 'a5']);
  });

  it('comes again when its batch was not handled', () => {
    const repetitions = new Repetitions([{ origin: 'a', sequence: 2, offset: 0 }]);
    const batch = [carried('a', 2), carried('a', 3)];
    expect(names(repetitions.recognise(batch).fresh)).toEqual(['a3']);
    expect(names(repetitions.recognise(batch).fresh)).toEqual(['a3']);
  });

  it.each(['abc', '1e30', '-1', '1.5', '', '9007199254740993'])(
    'is not looked for where the sequence is "%s", which no outbox writes',
    (sequence) => {
      const { record } = carried('a', 1);
      const foreign = [1, 2].map(() => ({ record: { ...record, headers: { ...record.headers, [SEQUENCE_HEADER]: sequence } } }));
      expect(new Repetitions().recognise(foreign)).toEqual({ fresh: foreign, repeated: [], marks: [] });
    },
  );

  it('is not looked for where the origin could not be remembered', () => {
    for (const origin of ['a\0b', 'a'.repeat(3_000)]) {
      const foreign = [carried(origin, 1), carried(origin, 1)];
      expect(new Repetitions().recognise(foreign).marks).toEqual([]);
    }
  });

  it('is not looked for among records that no outbox has carried', () => {
    const batch = [carried(undefined), carried(undefined)];
    expect(new Repetitions().recognise(batch)).toEqual({ fresh: batch, repeated: [], marks: [] });
  });
});
