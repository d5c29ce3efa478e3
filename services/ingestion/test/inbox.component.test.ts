/** Events that lie on `events-inbox.v1`, on the log that the service's own database holds. What only others can write is tested on Kafka. */
import { eventsInbox } from '@roofshot/contracts/events';
import type { LogRecord, OutgoingRecord } from '@roofshot/messaging/events';
import { eventually } from '@roofshot/testing/eventually';
import { at, event, eventsOf, idsOf, SINGLE } from './ingestion-lab.ts';
import { QuarantineLab } from './quarantine-lab.ts';

const lab = new QuarantineLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

const INBOX = eventsInbox.name;
const ORDERS = 'events.order.placed';

const structured = (one: Record<string, unknown>): OutgoingRecord => ({
  topic: INBOX,
  key: String(one['subject'] ?? ''),
  headers: { 'content-type': SINGLE },
  value: JSON.stringify(one),
});
const binary = ({ data, ...attributes }: Record<string, unknown>, over: Partial<OutgoingRecord> = {}): OutgoingRecord => ({
  topic: INBOX,
  key: String(attributes['subject'] ?? ''),
  headers: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce_${name}`, String(value)])),
  value: JSON.stringify(data),
  ...over,
});

interface Counts {
  readonly received: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly late: number;
  readonly quarantined: number;
}
const ledger = async (): Promise<Record<string, Counts>> => {
  const { body } = await lab.send('/v1/events/ledger');
  return (body as unknown as { keys: Record<string, Record<string, Counts>> }).keys['inbox'] ?? {};
};
const refused = async (): Promise<Record<string, string>[]> =>
  (await lab.onLog('events-refused.v1')).map(({ value }) => JSON.parse(value) as Record<string, string>);
const accepted = async (topic = ORDERS): Promise<LogRecord[]> => eventsOf(await lab.onLog(topic));

const DROP_CONNECTIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`;
/** The test's own connections are dropped, too. What was published twice by it is a duplicate. */
const untilDone = (work: () => Promise<unknown>): Promise<unknown> => eventually(() => work().then(() => true));

describe('events that are written to the inbox', () => {
  it('get the same verdicts as by HTTP, each counted once under "inbox"', async () => {
    await lab.bus.publish([
      structured(event({ id: 'i1', subject: 'ann' })),
      binary(event({ id: 'i2', subject: 'ann' })),
      structured(event({ id: 'i1', subject: 'ann' })),
      binary(event({ id: 'i3', data: { amount: -1 } })),
      binary(event({ id: 'i4', type: 'nobody.knows' })),
      binary(event({ id: 'i5', type: 'door.opened', time: at(-3600) })),
      binary(event({ id: 'i6', specversion: '0.3' })),
    ]);
    await eventually(async () =>
      expect(await ledger()).toEqual({
        'order.placed': { received: 5, accepted: 2, duplicate: 1, late: 0, quarantined: 2 },
        'door.opened': { received: 1, accepted: 0, duplicate: 0, late: 1, quarantined: 0 },
        '(undeclared)': { received: 1, accepted: 0, duplicate: 0, late: 0, quarantined: 1 },
      }),
    );
    expect(idsOf(await accepted()).filter((id) => id?.startsWith('i'))).toEqual(['i1', 'i2']);
    expect((await refused()).map(({ eventId, reason, path }) => [eventId, reason, path]).sort()).toEqual([
      ['i3', 'schema', '/data/amount'],
      ['i4', 'unknown-type', '/type'],
      ['i5', 'too-late', '/time'],
      ['i6', 'envelope', '/specversion'],
    ]);
  });

  it('are duplicates of those that came by HTTP, and these of them', async () => {
    await lab.post(event({ id: 'both-1' }), SINGLE);
    await lab.bus.publish([structured(event({ id: 'both-1' })), structured(event({ id: 'both-2' }))]);
    await eventually(async () => expect(idsOf(await accepted())).toContain('both-2'));
    expect(await lab.verdictOf({ id: 'both-2' })).toMatchObject({ verdict: 'duplicate' });
    expect(idsOf(await accepted()).filter((id) => id?.startsWith('both'))).toEqual(['both-1', 'both-2']);
  });

  it('are stamped as the platform stamps others, each under its own trace', async () => {
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await lab.bus.publish([
      binary(event({ id: 't1', subject: 't' })),
      binary(event({ id: 't2', subject: 't', traceparent })),
      binary(event({ id: 't3', subject: 't' })),
    ]);
    const records = await eventually(async () => {
      const found = (await accepted()).filter(({ headers }) => headers['ce_subject'] === 't');
      return found.length === 3 && found;
    });
    const correlations = records.map(({ headers }) => headers['ce_correlationid']);
    expect(new Set(correlations).size).toBe(3);
    expect(records[1]?.headers).toMatchObject({ ce_traceparent: traceparent, ce_correlationid: traceparent.split('-')[1] });
    for (const { headers } of records) expect(Math.abs(Date.parse(headers['ce_knowntime'] ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('may not say themselves when they became known', async () => {
    await lab.bus.publish([binary(event({ id: 'import-1', type: 'import.row', knowntime: at(-7200) }))]);
    await eventually(async () =>
      expect((await refused()).find(({ eventId }) => eventId === 'import-1')).toMatchObject({
        reason: 'not-allowed',
        detail: expect.stringContaining('of the topic events-inbox.v1 has no right to import') as string,
      }),
    );
  });

  it('are taken once, whatever was written while nobody ran', async () => {
    await lab.stop();
    await lab.bus.publish(Array.from({ length: 1_200 }, (_, n) => binary(event({ id: `away-${n % 1_000}`, subject: `s${n % 7}` }))));
    await lab.start();
    await eventually(async () => expect(idsOf(await accepted()).filter((id) => id?.startsWith('away'))).toHaveLength(1_000), {
      deadlineMs: 30_000,
    });
    const before = await ledger();
    await lab.stop();
    await lab.start();
    await lab.bus.publish([structured(event({ id: 'last' }))]);
    await eventually(async () => expect(idsOf(await accepted())).toContain('last'));
    expect((await ledger())['order.placed']?.received).toBe((before['order.placed']?.received ?? 0) + 1);
    expect(before['order.placed']).toMatchObject({ duplicate: expect.any(Number) as number });
    expect(new Set(idsOf(await accepted())).size).toBe((await accepted()).length);
  }, 60_000);
});

describe('a database that drops every connection', () => {
  it('delays what is taken: nothing is quarantined, given up, lost or doubled for it', async () => {
    const before = (await refused()).length;
    const ids = Array.from({ length: 3_000 }, (_, n) => `dropped-${n}`);
    for (let n = 0; n < ids.length; n += 500) {
      await untilDone(() => lab.bus.publish(ids.slice(n, n + 500).map((id) => binary(event({ id, subject: id })))));
      await untilDone(() => lab.database.sql.query(DROP_CONNECTIONS));
    }
    const taken = async (): Promise<(string | undefined)[]> => idsOf(await accepted()).filter((id) => id?.startsWith('dropped'));
    await eventually(async () => expect((await taken()).length).toBeGreaterThanOrEqual(ids.length), { deadlineMs: 40_000 });
    expect((await taken()).sort()).toEqual(ids.sort());
    expect((await refused()).length).toBe(before);
    expect(await lab.database.sql.query('SELECT reason FROM ingestion.dead_letters')).toEqual([]);
  }, 60_000);
});

describe('records of the inbox that cannot be read', () => {
  it('are kept whole with the reason and their place, and the next one is taken', async () => {
    await lab.bus.publish([
      { topic: INBOX, key: 'k', headers: {}, value: 'hello' },
      { topic: INBOX, key: 'k', headers: { 'content-type': SINGLE }, value: '{"id":' },
      binary(event({ id: 'cut', subject: 'k' }), { value: '{"amount":' }),
      structured(event({ id: 'after', subject: 'k' })),
    ]);
    await eventually(async () => expect(idsOf(await accepted())).toContain('after'));
    const kept = (await refused()).filter(({ detail }) => /is the record \d+ of partition \d+ of events-inbox\.v1/.test(detail ?? ''));
    expect(kept.map(({ eventId, eventType, reason }) => [eventId, eventType, reason])).toEqual(
      expect.arrayContaining([
        ['', '', 'envelope'],
        ['', '', 'json'],
        ['cut', 'order.placed', 'json'],
      ]),
    );
    expect(kept.map(({ original }) => original)).toEqual(
      expect.arrayContaining(['{"data":"hello"}', '{"id":', expect.stringMatching(/"id":"cut".*"data":"\{\\"amount\\":"/)]),
    );
  });

  it('wait in the quarantine until their data is replaced, without what may be personal in it', async () => {
    await lab.bus.publish([binary(event({ id: 'torn', subject: 'k' }), { value: '{"amount":2,"note":"ann@example.org' })]);
    const found = await eventually(() => lab.only({ eventId: 'torn', writeKey: 'inbox' }));
    expect(found).toMatchObject({ reason: 'json', eventType: 'order.placed', isWhole: true });
    expect(JSON.stringify(found)).not.toContain('example');
    const ids = [found.id];
    expect(await lab.redrive({ ids })).toMatchObject({ quarantined: 1, accepted: 0 });
    const patch = [{ op: 'replace' as const, path: '/data', value: { amount: 2 } }];
    expect(await lab.redrive({ ids, patch })).toMatchObject({ accepted: 1 });
    await eventually(async () => expect(idsOf(await accepted()).filter((id) => id === 'torn')).toHaveLength(1));
  });

  it('are counted as received', async () => {
    const counts = Object.values(await ledger());
    for (const { received, accepted: taken, duplicate, late, quarantined } of counts)
      expect(received).toBe(taken + duplicate + late + quarantined);
    expect(await lab.send('/readyz')).toMatchObject({ status: 200, body: { waitsFor: [] } });
  });
});
