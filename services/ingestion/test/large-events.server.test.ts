/** Events that are larger than Kafka takes in one record (1 MB, unless it is told otherwise). */
import { eventually } from '@roofshot/testing/eventually';
import { event, eventsOf, idsOf, SINGLE } from './ingestion-lab.ts';
import { openOnKafka } from './kafka-lab.ts';
import { QuarantineLab } from './quarantine-lab.ts';

const lab = new QuarantineLab();
openOnKafka(lab, { partitions: 1 });

const large = 'x'.repeat(1_100_000);
const refused = async (): Promise<{ eventId: string; reason: string; original: string }[]> =>
  (await lab.onLog('events-refused.v1')).map(({ value }) => JSON.parse(value) as { eventId: string; reason: string; original: string });

describe('an event that is larger than the log takes', () => {
  it('is refused with both sizes, and the others of its request are accepted and leave', async () => {
    const events = [event({ id: 'before' }), event({ id: 'large', data: { amount: 1, note: large } }), event({ id: 'after' })];
    const { status, body } = await lab.post(events);
    expect(status).toBe(202);
    expect(body.results).toMatchObject([{ verdict: 'accepted' }, { verdict: 'quarantined', reason: 'too-large' }, { verdict: 'accepted' }]);
    expect(body.results?.[1]?.detail).toMatch(/It is too large: 11\d{5} bytes, the log takes 1047\d{3}\./);
    await eventually(async () => expect(idsOf(eventsOf(await lab.onLog('events.order.placed')))).toEqual(['before', 'after']));
    await eventually(async () =>
      expect((await refused()).map(({ eventId, reason }) => [eventId, reason])).toEqual([['large', 'too-large']]),
    );
    expect((await refused())[0]?.original).toMatch(/^\{"specversion":"1\.0","id":"large"/);
  });

  it('is accepted when it comes again and is smaller', async () => {
    expect(await lab.verdictOf({ id: 'large' })).toMatchObject({ verdict: 'accepted' });
  });

  it('is kept whole in the quarantine, and leaves once a patch has made it smaller', async () => {
    const sent = event({ id: 'shrinks', data: { amount: 1, note: large } });
    await lab.post([sent]);
    const [kept] = (await lab.list({ eventId: 'shrinks' })).events;
    expect(kept).toMatchObject({ reason: 'too-large', isWhole: true, originalBytes: JSON.stringify(sent).length });
    expect(await lab.redrive({ filter: { eventId: 'shrinks' } })).toMatchObject({ quarantined: 1, results: [{ reason: 'too-large' }] });
    const patch = [{ op: 'remove', path: '/data/note' }];
    expect(await lab.redrive({ filter: { eventId: 'shrinks' }, patch })).toMatchObject({ accepted: 1 });
    await eventually(async () => expect(idsOf(await lab.onLog('events.order.placed'))).toContain('shrinks'));
  });

  it('leaves also where it is refused for another reason, with the beginning of what came', async () => {
    const { status, body } = await lab.post(event({ id: large, data: { amount: -1, note: large } }), SINGLE);
    expect({ status, reason: body['reason'] }).toEqual({ status: 400, reason: 'schema' });
    await lab.post(event({ id: 'next', data: { amount: -1 } }), SINGLE);
    await eventually(async () => {
      const [cut, next] = (await refused()).slice(-2);
      expect(cut).toMatchObject({ reason: 'schema', eventId: 'x'.repeat(4_096) });
      expect(next).toMatchObject({ reason: 'schema', eventId: 'next' });
    });
  });
});
