/** A Kafka that accepts connections and answers nothing, while ingestion starts and while it runs. */
import { join } from 'node:path';
import { Repetitions } from '@roofshot/messaging/repetitions';
import { eventually } from '@roofshot/testing/eventually';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { BATCH, event, idsOf, SINGLE } from './ingestion-lab.ts';
import { IngestionReplica } from './ingestion-replica.ts';
import { QuarantineLab } from './quarantine-lab.ts';

const MOST_WAITING = 300;
const PATIENCE = { deadlineMs: 120_000 };
/** Of somebody who sends: what is taken without Kafka is not to wait until it is given up. */
const PROMPT_MS = 10_000;

const lab = new QuarantineLab();
let folder: TempDir;
let kafka: Awaited<ReturnType<typeof startServer>>;
let eventsUrl: string;
beforeAll(async () => {
  folder = await tempDir('hanging-kafka');
  kafka = await startServer('kafka', { folder: folder.path });
  eventsUrl = `${kafka.url}?partitions=2&outbox=${MOST_WAITING}`;
  await lab.open(eventsUrl);
}, 180_000);
afterAll(async () => {
  await kafka.thaw();
  await lab.close();
  await kafka.remove();
  await folder.remove();
}, 120_000);

interface State {
  readonly status: number;
  readonly waitsFor: readonly string[];
  readonly troubles: readonly string[];
}
const stateOf = async (url: string): Promise<State> => {
  const answer = await fetch(`${url}/readyz`);
  return { status: answer.status, ...((await answer.json()) as Omit<State, 'status'>) };
};
interface Sent {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly detail?: string;
  readonly results?: readonly { readonly id: string; readonly verdict: string; readonly reason?: string }[];
}
const send = async (url: string, events: readonly object[]): Promise<Sent> => {
  const init = { method: 'POST', body: JSON.stringify(events), headers: { 'content-type': BATCH }, signal: AbortSignal.timeout(PROMPT_MS) };
  const answer = await fetch(`${url}/v1/events`, init);
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), ...((await answer.json()) as object) };
};
/** As a reader has them: what went out twice is recognised. */
const idsOn = async (topic: string): Promise<(string | undefined)[]> => {
  const parts = await Promise.all((await lab.bus.bounds(topic)).map((part) => lab.bus.readFrom(part, part.start, 100_000)));
  return idsOf(parts.flatMap((records) => new Repetitions().pass(records)).filter(({ headers }) => headers['ce_source'] === '/shop'));
};
/** What is said of two quiet streams waits, too. */
const progressWaiting = async (): Promise<number> => {
  const [row] = await lab.database.sql.query<{ n: number }>(
    `SELECT coalesce(sum(size), 0)::int AS n FROM outbox_events.outbox WHERE destination = 'event-progress.v1'`,
  );
  return row?.n ?? 0;
};
const refusedIds = async (): Promise<string[]> =>
  (await lab.onLog('events-refused.v1')).map(({ value }) => (JSON.parse(value) as { eventId: string }).eventId);

it('lets a process that starts wait for it, say so and take nothing, and start by itself when it answers', async () => {
  await kafka.freeze();
  const starting = await IngestionReplica.launch({ folder: join(folder.path, 'starting'), sqlUrl: lab.database.url, eventsUrl });
  try {
    await eventually(async () => {
      const { status, waitsFor } = await stateOf(starting.url);
      expect([status, waitsFor]).toEqual([503, [expect.stringMatching(/^EVENTS_URL: .*has not answered|No Kafka can be used at/)]]);
    }, PATIENCE);
    expect(await send(starting.url, [event({ id: 'too-early' })])).toMatchObject({
      status: 503,
      retryAfter: '1',
      detail: expect.stringContaining('Nothing was changed; try again.') as string,
    });
    await kafka.thaw();
    await eventually(() => starting.isReady(), PATIENCE);
    expect(await send(starting.url, [event({ id: 'in-time' })])).toMatchObject({ status: 202, results: [{ verdict: 'accepted' }] });
    await eventually(async () => expect(await idsOn('events.order.placed')).toEqual(['in-time']), PATIENCE);
  } finally {
    await kafka.thaw();
    await starting.end('SIGTERM');
  }
}, 300_000);

it('does not keep a process that has just started from taking events of all types, nor one invalid event the others of its batch', async () => {
  await lab.stop();
  await lab.start();
  await eventually(async () => expect((await stateOf(lab.url)).status).toBe(200), PATIENCE);
  await kafka.freeze();
  const batch = [
    event({ id: 'live' }),
    event({ id: 'invalid', data: { amount: -1 } }),
    event({ id: 'imported', type: 'import.row', knowntime: new Date(Date.now() - 30_000).toISOString() }),
    event({ id: 'unknown', type: 'nobody.knows' }),
    event({ id: 'last' }),
  ];
  expect(await send(lab.url, batch)).toMatchObject({
    status: 202,
    results: [
      { id: 'live', verdict: 'accepted' },
      { id: 'invalid', verdict: 'quarantined', reason: 'schema' },
      { id: 'imported', verdict: 'accepted' },
      { id: 'unknown', verdict: 'quarantined', reason: 'unknown-type' },
      { id: 'last', verdict: 'accepted' },
    ],
  });
  expect((await send(lab.url, [event({ id: 'live' })])).results).toMatchObject([{ verdict: 'duplicate' }]);
  expect((await lab.post(event({ id: 'alone', data: { amount: -1 } }), SINGLE)).status).toBe(400);
  expect(await lab.only({ eventId: 'invalid' })).toMatchObject({ reason: 'schema', path: '/data/amount', status: 'open' });

  await kafka.thaw();
  await eventually(async () => expect(await idsOn('events.order.placed')).toEqual(expect.arrayContaining(['live', 'last'])), PATIENCE);
  await eventually(async () => expect(await idsOn('events.import.row')).toEqual(['imported']), PATIENCE);
  await eventually(async () => expect((await refusedIds()).sort()).toEqual(['alone', 'invalid', 'unknown']), PATIENCE);
  expect((await idsOn('events.order.placed')).sort()).toEqual(['in-time', 'last', 'live']);
}, 300_000);

it('is told as a trouble while events are taken, and refuses them when too many wait; with it back each that was taken is there once', async () => {
  await kafka.freeze();
  const acknowledged: string[] = [];
  let refused: Sent | undefined;
  const sendSome = async (): Promise<void> => {
    const events = Array.from({ length: 20 }, (_, n) => event({ id: `r${acknowledged.length + n}`, subject: `s${n % 5}` }));
    const answer = await send(lab.url, events);
    if (answer.status === 202) acknowledged.push(...events.map(({ id }) => id as string));
    else refused = answer;
  };
  await sendSome();
  const host = /\/\/([^?]*)/.exec(kafka.url)?.[1] ?? '';
  await eventually(async () => {
    const { status, troubles } = await stateOf(lab.url);
    expect([status, troubles]).toEqual([200, expect.arrayContaining([expect.stringContaining(`Kafka at ${host} does not answer`)])]);
  }, PATIENCE);

  const [waiting, since] = [await progressWaiting(), Date.now()];
  await eventually(async () => (await progressWaiting()) > waiting + 2, PATIENCE); // said at least twice
  expect(Date.now() - since).toBeGreaterThan(8_000); // else it would fill the room of events before there is one
  await eventually(() => sendSome().then(() => refused !== undefined), PATIENCE);
  const full = `More than ${MOST_WAITING} messages wait in the database to be sent`;
  expect(refused).toMatchObject({ status: 503, retryAfter: '1', detail: expect.stringContaining(full) as string });
  expect(await stateOf(lab.url)).toMatchObject({ status: 503, waitsFor: [expect.stringContaining(`room for events: ${full}`)] });

  await kafka.thaw();
  await eventually(async () => expect((await stateOf(lab.url)).status).toBe(200), PATIENCE);
  refused = undefined;
  await sendSome(); // under the ids that were refused: nothing had been taken of them
  expect(refused).toBeUndefined();
  const own = async (): Promise<(string | undefined)[]> => (await idsOn('events.order.placed')).filter((id) => id?.startsWith('r'));
  await eventually(async () => expect(new Set(await own()).size).toBe(acknowledged.length), PATIENCE);
  expect((await own()).sort()).toEqual([...acknowledged].sort());
  const { types } = await lab.ledger();
  for (const { received, accepted, duplicate, late, quarantined } of Object.values(types))
    expect(received).toBe(accepted + duplicate + late + quarantined);
  expect(types['order.placed']).toMatchObject({ accepted: 3 + acknowledged.length, duplicate: 1, quarantined: 2 });
}, 400_000);
