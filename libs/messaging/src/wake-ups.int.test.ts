import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { silent } from './events/log-lab.ts';
import { WakeUps } from './wake-ups.ts';

describe('wake-ups', () => {
  let database: TestDatabase;
  const opened: WakeUps[] = [];
  beforeAll(async () => {
    database = await testDatabase();
  });
  afterAll(async () => {
    await Promise.all(opened.map((one) => one.close()));
    await database.drop();
  });

  /** As another process would have it, with all that it hears. */
  async function listener(): Promise<{ wakeUps: WakeUps; heard: (readonly string[] | undefined)[] }> {
    const wakeUps = new WakeUps(database.sql, 'test_wake_ups', silent);
    opened.push(wakeUps);
    const heard: (readonly string[] | undefined)[] = [];
    wakeUps.onWake((subjects) => heard.push(subjects));
    await wakeUps.start();
    return { wakeUps, heard };
  }

  it('tell this process at once and the others soon, each subject once', async () => {
    const [here, there] = [await listener(), await listener()];
    here.wakeUps.announce(['a', 'b']);
    expect(here.heard).toEqual([['a', 'b']]);
    for (let i = 0; i < 50; i += 1) here.wakeUps.announce(['c']);
    await eventually(() => expect(there.heard.flat()).toEqual(['a', 'b', 'c']));
    expect(here.heard).toHaveLength(51);
  });

  it('tell of more subjects than one notification carries', async () => {
    const [here, there] = [await listener(), await listener()];
    const many = Array.from({ length: 1_000 }, (_, i) => `events.some-rather-long-event-type-${i}`);
    here.wakeUps.announce(many);
    await eventually(() => expect(new Set(there.heard.flat())).toEqual(new Set(many)));
  });

  it('say after a broken connection that something may have been missed', async () => {
    const { heard } = await listener();
    await database.sql.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await eventually(() => expect(heard).toContain(undefined));
  });
});
