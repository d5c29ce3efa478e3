/** What happened to one: the log, asked by an id. */
import type { TraceAnswer } from '@roofshot/contracts/http/ingestion';
import { at, event, IngestionLab } from './ingestion-lab.ts';

const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

async function trace(id: string, query = ''): Promise<TraceAnswer> {
  const { body } = await lab.send(`/v1/events/trace/${encodeURIComponent(id)}${query}`);
  return body as unknown as TraceAnswer;
}

describe('a trace', () => {
  it('finds an event by its id, its subject and the correlation id of its request, with its place on the log', async () => {
    const sent = event({ id: 'order/1 #a', subject: 'customer/ä', data: { amount: 3 } });
    await lab.post([sent], undefined, { 'x-correlation-id': 'checkout-9' });
    const byId = await trace('order/1 #a');
    expect(byId).toMatchObject({ id: 'order/1 #a', complete: true, notice: null });
    expect(byId.hops).toMatchObject([
      {
        topic: 'events.order.placed',
        type: 'order.placed',
        id: 'order/1 #a',
        subject: 'customer/ä',
        correlationId: 'checkout-9',
        by: 'id',
        time: at(-60),
        summary: 'amount 3',
      },
    ]);
    expect((await trace('customer/ä')).hops).toMatchObject([{ id: 'order/1 #a', by: 'subject' }]);
    expect((await trace('checkout-9')).hops).toMatchObject([{ id: 'order/1 #a', by: 'correlation' }]);
  });

  it('tells what was refused and why, in the order in which it happened', async () => {
    await lab.post([event({ id: 'twice', data: { amount: 'much' } })]);
    await lab.post([event({ id: 'twice', data: { amount: 2 } })]);
    const { hops } = await trace('twice');
    expect(hops.map(({ type, by }) => [type, by])).toEqual([
      ['event.quarantined', 'eventId'],
      ['order.placed', 'id'],
    ]);
    expect(hops[0]?.summary).toContain('reason schema, path /data/amount');
  });

  it('does not tell personal data', async () => {
    await lab.post([event({ id: 'private', data: { amount: 1, note: 'ring at the back door' } })]);
    expect((await trace('private')).hops[0]?.summary).toBe('amount 1');
  });

  it('follows a change of a declaration to the audit', async () => {
    await lab.declare('traced.type', { schema: { type: 'object' } });
    const types = (await trace('EventType/traced.type')).hops.map(({ type }) => type);
    expect(types).toEqual(['audit.recorded']);
  });

  it('of an id that nothing names has no hops, and says that all was looked at', async () => {
    const answer = await trace('never-seen');
    expect(answer).toMatchObject({ hops: [], complete: true });
    expect(answer.records).toBeGreaterThan(0);
  });

  it('ends at its limits and says so', async () => {
    const batch = Array.from({ length: 30 }, (_, index) => event({ id: `many-${index}`, subject: 'crowd' }));
    await lab.post(batch);
    const cut = await trace('crowd', '?limit=10');
    expect(cut.hops.map(({ id }) => id)).toEqual(batch.slice(20).map(({ id }) => id));
    expect(cut).toMatchObject({ complete: false });
    expect(cut.notice).toContain('10 hops');
    const refused = await lab.send('/v1/events/trace/crowd?limit=0');
    expect(refused.status).toBe(400);
  });
});
