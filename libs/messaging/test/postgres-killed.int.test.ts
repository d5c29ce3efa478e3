import { readdirSync, readFileSync } from 'node:fs';
import { embeddedPostgres, type EmbeddedPostgres } from '@roofshot/storage/embedded-postgres';
import { openSql } from '@roofshot/storage/open-sql';
import { eventually } from '@roofshot/testing/eventually';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { DeliveryLab, Noted } from '../src/delivery/delivery-lab.ts';
import { silent, type BusLab } from '../src/events/log-lab.ts';
import { PostgresBus } from '../src/events/postgres-bus.ts';
import { follow, onBatch } from '../src/handlers.ts';

const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** The server and all its processes at once, as when the machine's power goes: what was not written to the log of the database is gone. */
function killServer(postmaster: number): void {
  const children = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parentOf(pid) === postmaster);
  process.kill(postmaster, 'SIGSTOP'); // it must not tidy up after its children
  for (const pid of [...children.map(Number), postmaster]) process.kill(pid, 'SIGKILL');
}

function parentOf(pid: string): number | undefined {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
  } catch {
    return undefined; // it has ended meanwhile
  }
}

describe('a PostgreSQL that is killed', () => {
  let folder: TempDir;
  let server: EmbeddedPostgres;
  let lab: DeliveryLab;
  beforeAll(async () => {
    folder = await tempDir('killed');
    server = await embeddedPostgres(folder.path);
    const sql = await openSql(server.url);
    const buses: PostgresBus[] = [];
    const open = async (): Promise<PostgresBus> => {
      const bus = await PostgresBus.open(sql, { log: silent });
      buses.push(bus);
      return bus;
    };
    const close = async (): Promise<void> => {
      await Promise.all(buses.map((bus) => bus.close()));
      await sql.close();
    };
    const never = (): Promise<void> => Promise.reject(new Error('not here'));
    const log: BusLab = { url: server.url, sharesDatabase: true, sql, open, close, expire: never, compact: never };
    lab = await DeliveryLab.start(log);
  });
  afterAll(async () => {
    await lab.close();
    await server.stop();
    await folder.remove();
  });

  it('loses no event and no fold, and no reader ever saw what did not stay, also when nothing comes after', async () => {
    const topic = await lab.newTopic();
    const notes = await lab.newTopic(Noted);
    const followed: number[] = [];
    const service = await lab.process([
      onBatch(topic, async (batch, tx) => {
        await lab.fold(batch, tx);
        const loud = batch.events.filter(({ data }) => data.n % 10 === 0);
        if (loud.length > 0)
          tx.publish(
            notes,
            loud.map(({ data }) => ({ type: 'amount.noted' as const, data })),
          );
      }),
      follow(notes, { 'amount.noted': ({ data }) => void followed.push(data.n) }),
    ]);
    for (const round of count(5)) {
      const amounts = count(101).map((n) => [`unit-${n % 3}`, round * 101 + n] as const);
      for (const amount of amounts) await eventually(async () => lab.add(topic, [amount]).then(() => true));
      const seen = (round + 1) * 101;
      const folded = async (): Promise<number> => (await Promise.all(count(3).map((n) => lab.seen(topic, `unit-${n}`)))).flat().length;
      await eventually(async () => expect(await folded()).toBe(seen));
      killServer(server.pid);
      await eventually(async () => expect(await folded()).toBe(seen), {
        deadlineMs: 30_000,
        describe: 'what was folded to be folded again',
      });
    }
    const loud = count(505).filter((n) => n % 10 === 0);
    await eventually(() => expect([...followed].sort((a, b) => a - b)).toEqual(loud));
    expect(service.waitingFor()).toEqual([]);
    for (const unit of count(3)) {
      const expected = count(5).flatMap((round) => count(101).flatMap((n) => (n % 3 === unit ? [round * 101 + n] : [])));
      expect(await lab.seen(topic, `unit-${unit}`)).toEqual(expected);
    }
    await lab.stop(service);
  }, 180_000);
});
