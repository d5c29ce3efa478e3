import { EVENT_ERASED } from '@roofshot/contracts/envelope';
import { newTopic, type Context } from './conformance-lab.ts';
import { recordOf } from './log-lab.ts';
import type { LogRecord, OutgoingRecord } from './bus.ts';

const EARLY = '2001-01-01T00:00:00.000Z';
const LATE = '2001-01-03T00:00:00.000Z';
const UNTIL = Date.parse('2001-01-02T00:00:00.000Z');

export function erasing(context: Context): void {
  const said = (topic: string, key: string, id: string, knowntime = EARLY): OutgoingRecord =>
    recordOf(
      topic,
      key,
      { name: key },
      { ce_specversion: '1.0', ce_id: id, ce_source: '/s', ce_type: 't', ce_subject: key, ce_time: EARLY, ce_knowntime: knowntime },
    );
  const all = async (topic: string): Promise<LogRecord[]> => {
    const bounds = await context.bus().bounds(topic);
    return (await Promise.all(bounds.map((place) => context.bus().readFrom(place, place.start, 1_000)))).flat();
  };

  it('leaves offsets, ids and times of an erased key and nothing else, and other keys and later records as they were', async () => {
    const [topic, other] = [await newTopic(context), await newTopic(context)];
    const records = [
      said(topic, 'ann', '1'),
      said(topic, 'bob', '2'),
      said(topic, 'ann', '3'),
      said(topic, 'ann', '4', LATE),
      said(other, 'ann', '5'),
    ];
    await context.bus().publish(records);
    const before = [...(await all(topic)), ...(await all(other))];
    const erased = await context.bus().eraseKey({ topics: [topic], key: 'ann', until: UNTIL });
    const after = [...(await all(topic)), ...(await all(other))];
    expect(after.map(({ topic: name, partition, offset }) => [name, partition, offset])).toEqual(
      before.map(({ topic: name, partition, offset }) => [name, partition, offset]),
    );
    if (erased === undefined) {
      expect(after).toEqual(before);
      return;
    }
    expect(erased).toBe(2);
    for (const [index, record] of before.entries()) {
      const isErased = record.headers['ce_id'] === '1' || record.headers['ce_id'] === '3';
      if (!isErased) expect(after[index]).toEqual(record);
      else {
        expect(after[index]).toMatchObject({ key: '', value: 'null', appendedAt: record.appendedAt });
        expect(after[index]?.headers).toEqual({
          'content-type': 'application/json',
          ce_specversion: '1.0',
          ce_id: record.headers['ce_id'],
          ce_source: '/s',
          ce_type: EVENT_ERASED,
          ce_time: EARLY,
          ce_knowntime: EARLY,
        });
      }
    }
    expect(await context.bus().eraseKey({ topics: [topic], key: 'ann', until: UNTIL })).toBe(0);
  });

  it('reaches what was said in a transaction that committed just before', async () => {
    const topic = await newTopic(context);
    const bus = context.bus();
    await context.lab().sql.transaction((tx) => bus.publishIn(tx, [said(topic, 'ann', '1'), said(topic, 'bob', '2')]));
    bus.announce([topic]);
    const erased = await bus.eraseKey({ topics: [topic], key: 'ann', until: UNTIL });
    expect(erased ?? 1).toBe(1);
    expect((await all(topic)).map(({ headers }) => headers['ce_id']).sort()).toEqual(['1', '2']);
  });
}
