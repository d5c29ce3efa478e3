import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { agreeOnPort, type PortIdentity } from './agreed-ports.ts';
import { connectCommandQueue } from './commands/open-command-queue.ts';
import { connectEventBus } from './events/open-event-bus.ts';
import { silent } from './events/log-lab.ts';

const KAFKA: PortIdentity = { mark: 'kafka a', name: 'Kafka at a:9092' };
const OTHER: PortIdentity = { mark: 'kafka b', name: 'Kafka at b:9092' };

describe('processes on one database', () => {
  let database: TestDatabase;
  let messages: TestDatabase;
  beforeAll(async () => {
    [database, messages] = await Promise.all([testDatabase(), testDatabase()]);
  });
  afterAll(() => Promise.all([database.drop(), messages.drop()]));

  test('start at once with the same log, by whatever address, and agree on each port for itself', async () => {
    const { sql } = database;
    const byAnotherAddress = { ...KAFKA, name: 'Kafka at 10.0.0.1:9092' };
    await Promise.all([KAFKA, KAFKA, byAnotherAddress, KAFKA].map((own) => agreeOnPort(sql, 'EVENTS_URL', own, 'ingestion')));
    await agreeOnPort(sql, 'COMMANDS_URL', OTHER, 'features');
    expect(await sql.query('SELECT port, mark FROM messaging.agreed_ports ORDER BY port')).toEqual([
      { port: 'COMMANDS_URL', mark: 'kafka b' },
      { port: 'EVENTS_URL', mark: 'kafka a' },
    ]);
  });

  test('are refused another log than the first, with both named, until what was agreed is deleted', async () => {
    const { sql } = database;
    const refused = agreeOnPort(sql, 'EVENTS_URL', OTHER, 'features');
    await expect(refused).rejects.toMatchObject({
      name: 'ServerRefusal',
      message: expect.stringMatching(
        /^EVENTS_URL leads to Kafka at b:9092, but .* use Kafka at .* \(ingestion said so first, on \d{4}-.*Set EVENTS_URL/,
      ),
    });
    await sql.query(`DELETE FROM messaging.agreed_ports WHERE port = 'EVENTS_URL'`);
    await agreeOnPort(sql, 'EVENTS_URL', OTHER, 'features');
    await expect(agreeOnPort(sql, 'EVENTS_URL', KAFKA, 'ingestion')).rejects.toThrow('EVENTS_URL leads to Kafka at a:9092');
  });

  test('mean the same log and queue by every spelling of the address of their own database, and another one by that of another', async () => {
    const { sql } = database;
    const identities = async (url: string, sharesDatabase: boolean): Promise<(PortIdentity | undefined)[]> => {
      const connected = await Promise.all([
        connectEventBus(url, { sharesDatabase, log: silent }),
        connectCommandQueue(url, { sharesDatabase, log: silent }),
      ]);
      const found = await Promise.all(connected.map((one) => one.identity(sql)));
      await Promise.all(connected.map((one) => one.close()));
      return found;
    };
    const own = await identities(database.url, true);
    expect(await identities(`${database.url}?application_name=other`, false)).toEqual(own);
    const foreign = await identities(messages.url, false);
    expect(foreign.map((one) => one?.mark)).not.toContain(own[0]?.mark);
    expect(foreign.map((one) => one?.name)).toEqual([
      `the log in the database ${messages.sql.where}`,
      `the queue in the database ${messages.sql.where}`,
    ]);
  });
});
