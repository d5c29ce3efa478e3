import { eventually } from '@roofshot/testing/eventually';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { deliveryConformance } from '../delivery/delivery.conformance.ts';
import { busConformance } from './bus.conformance.ts';
import { recordOf, silent, specOf } from './log-lab.ts';
import { openEventBus } from './open-event-bus.ts';
import { startPostgresLab } from './postgres-lab.ts';

const startLab = () => startPostgresLab({ behindOutbox: true });
busConformance('PostgreSQL behind an outbox', startLab);
deliveryConformance('PostgreSQL behind an outbox', startLab);

describe('opening the event bus', () => {
  let services: TestDatabase;
  let messages: TestDatabase;
  beforeAll(async () => {
    [services, messages] = await Promise.all([testDatabase(), testDatabase()]);
  });
  afterAll(() => Promise.all([services.drop(), messages.drop()]));
  const surroundings = () => ({ sql: services.sql, sqlUrl: services.url, log: silent });

  it('writes straight into the log where it lies in the services database, also by another spelling of its URL', async () => {
    for (const url of [services.url, `${services.url}?application_name=other`]) {
      const bus = await openEventBus(url, surroundings());
      await bus.ensureTopics([specOf('direct')]);
      await services.sql.transaction((tx) => bus.publishIn(tx, [recordOf('direct', 'k', url)]));
      const bounds = await bus.bounds('direct');
      expect(bounds.reduce((sum, { end }) => sum + end, 0)).toBe(url === services.url ? 1 : 2); // at once, without a relay
      await bus.close();
    }
    expect(await services.sql.query('SELECT 1')).toHaveLength(1); // a shared pool stays open
  });

  it('goes through an outbox where the log lies in another database, and refuses a topic that is not there', async () => {
    const bus = await openEventBus(messages.url, surroundings());
    await bus.ensureTopics([specOf('far')]);
    await services.sql.transaction((tx) => bus.publishIn(tx, [recordOf('far', 'k', 1)]));
    bus.announce(['far']);
    await eventually(async () => expect((await bus.bounds('far')).reduce((sum, { end }) => sum + end, 0)).toBe(1));
    const wrong = services.sql.transaction((tx) => bus.publishIn(tx, [recordOf('nowhere', 'k', 1)]));
    await expect(wrong).rejects.toThrow('no topic "nowhere"');
    await bus.close();
  });

  it('names what it supports when it does not know the scheme', async () => {
    await expect(openEventBus('nats://localhost', surroundings())).rejects.toThrow('EVENTS_URL has the scheme "nats"');
  });
});
