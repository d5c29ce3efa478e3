/** Erasing a subject where the log is Kafka, which changes no record. */
import type { ErasureAnswer } from '@roofshot/contracts/http/erasures';
import { eventually } from '@roofshot/testing/eventually';
import { event, eventsOf, idsOf, IngestionLab } from './ingestion-lab.ts';
import { openOnKafka } from './kafka-lab.ts';

const lab = new IngestionLab();
openOnKafka(lab, { partitions: 1 });

test('the records stay, the answer says so, and what the database holds of the subject goes', async () => {
  await lab.post([event({ id: 'a1', subject: 'ann-secret' }), event({ id: 'a2', subject: 'ann-secret', data: { amount: 'x' } })]);
  const onLog = async (): Promise<(string | undefined)[]> => idsOf(eventsOf(await lab.onLog('events.order.placed')));
  await eventually(async () => expect(await onLog()).toEqual(['a1']));
  const body = JSON.stringify({ subject: 'ann-secret' });
  const asked = await lab.send('/v1/erasures', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
  const { id } = asked.body as unknown as ErasureAnswer;
  const own = await eventually(async () => {
    const { services } = (await lab.send(`/v1/erasures/${id}`)).body as unknown as ErasureAnswer;
    return services.find(({ service, state }) => service === 'ingestion' && state === 'done') ?? false;
  });
  expect(own).toMatchObject({
    erased: { quarantine: 1 },
    kept: [{ store: 'event streams', reason: expect.stringContaining('retention') as string }],
  });
  expect(own.erased).not.toHaveProperty('events');
  expect(await onLog()).toEqual(['a1']);
  const left = await lab.database.sql.query(`SELECT FROM ingestion.quarantine WHERE subject = 'ann-secret'`);
  expect(left).toEqual([]);
}, 60_000);
