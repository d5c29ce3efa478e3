/** A process that is killed while it redrives: what it had done is done, what it was at is not, and nothing is published twice. */
import { eventually } from '@roofshot/testing/eventually';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { IngestionReplica } from './ingestion-replica.ts';
import { broken, JSON_TYPE, mended, newShop, QuarantineLab } from './quarantine-lab.ts';

const EVENTS = 4_000;
const SUBJECTS = 20;
const PATIENCE = { deadlineMs: 60_000 };

const lab = new QuarantineLab();
let folder: TempDir;
let replica: IngestionReplica | undefined;
beforeAll(async () => {
  folder = await tempDir('redrive-kill');
  await lab.open();
}, 60_000);
afterAll(async () => {
  await replica?.end('SIGKILL');
  await lab.close();
  await folder.remove();
});

const doneOf = async (source: string): Promise<number> => {
  const [row] = await lab.database.sql.query<{ n: number }>(
    `SELECT count(*) AS n FROM ingestion.quarantine WHERE event_source = $1 AND status = 'redriven'`,
    [source],
  );
  return row?.n ?? 0;
};

/** Its next portion is prepared, has its rows, and waits for the stream. */
async function killInTheMiddle(running: IngestionReplica): Promise<void> {
  await lab.database.sql.transaction(async (tx) => {
    await tx.query(`SELECT FROM ingestion.streams WHERE topic = 'events.order.placed' FOR UPDATE`);
    await eventually(async () => {
      const waiting = await lab.database.sql.query(
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ingestion.streams%'`,
      );
      expect(waiting.length).toBeGreaterThan(0);
    }, PATIENCE);
    await running.end('SIGKILL');
  });
}

test('each of thousands leaves once, in the order of its subject, and is counted once', async () => {
  const source = newShop();
  const events = Array.from({ length: EVENTS }, (_, n) => broken(source, { id: `e${n}`, subject: `s${n % SUBJECTS}` }));
  await lab.post(events);
  const { url: sqlUrl } = lab.database;
  const one = (replica = await IngestionReplica.launch({ folder: folder.path, sqlUrl, eventsUrl: sqlUrl }));
  await eventually(() => one.isReady(), PATIENCE);

  const body = JSON.stringify({ filter: { source }, patch: mended, limit: 5_000 });
  const asked = fetch(`${one.url}/v1/quarantine/redrives`, { method: 'POST', headers: JSON_TYPE, body });
  const unanswered = asked.then(
    () => false,
    () => true,
  );
  await eventually(async () => expect(await doneOf(source)).toBeGreaterThan(0), PATIENCE);
  await killInTheMiddle(one);
  expect(await unanswered).toBe(true);
  const done = await doneOf(source);
  expect(done % 200).toBe(0); // whole portions
  expect(done).toBeLessThan(EVENTS);
  expect(await streamOf(source)).toHaveLength(done);

  const rest = await lab.redrive({ filter: { source }, patch: mended, limit: 5_000 });
  expect([rest.accepted, rest.duplicate, rest.quarantined, rest.next]).toEqual([EVENTS - done, 0, 0, null]);
  expect((await streamOf(source)).map(inSubject)).toEqual(sortedBySubject(events.map(({ id, subject }) => ({ id, subject }))));
  expect((await lab.ledger()).keys['(redrive)']?.['order.placed']).toMatchObject({ received: EVENTS, accepted: EVENTS });
});

interface Named {
  readonly id: unknown;
  readonly subject: unknown;
}
const inSubject = ({ id, subject }: Named): string => `${String(subject)} ${String(id)}`;
/** Those of one subject in their order. */
const sortedBySubject = (events: readonly Named[]): string[] =>
  [...events].sort((a, b) => String(a.subject).localeCompare(String(b.subject))).map(inSubject);

async function streamOf(source: string): Promise<Named[]> {
  const records = (await lab.onLog('events.order.placed')).filter(({ headers }) => headers['ce_source'] === source);
  const named = records.map(({ headers }) => ({ id: headers['ce_id'], subject: headers['ce_subject'] }));
  return named.sort((a, b) => String(a.subject).localeCompare(String(b.subject)));
}
