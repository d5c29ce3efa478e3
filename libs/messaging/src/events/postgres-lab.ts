import { testDatabase } from '@roofshot/testing/postgres';
import type { EventBus } from './bus.ts';
import { silent, type BusLab } from './log-lab.ts';
import { OutboxBus } from './outbox-bus.ts';
import { PostgresBus } from './postgres-bus.ts';

/** The log in PostgreSQL: in the services' database, or in another one behind an outbox. */
export async function startPostgresLab({ behindOutbox = false } = {}): Promise<BusLab> {
  const services = await testDatabase();
  const messages = behindOutbox ? await testDatabase() : services;
  const keeper = await PostgresBus.open(messages.sql, { log: silent });
  const buses: EventBus[] = [keeper];
  const maintain = async (): Promise<void> => {
    if ((await keeper.maintain()) === 0) throw new Error('There was nothing to drop.');
  };
  return {
    open: async () => {
      const bus = await PostgresBus.open(messages.sql, { log: silent });
      const opened = behindOutbox ? await OutboxBus.open(bus, services.sql, silent) : bus;
      buses.push(opened);
      return opened;
    },
    sql: services.sql,
    expire: async (topic) => {
      await messages.sql.query(
        `UPDATE messaging.records SET appended_at = appended_at - interval '1 day'
         WHERE topic_id = (SELECT topic_id FROM messaging.topics WHERE name = $1)`,
        [topic],
      );
      await maintain();
    },
    compact: maintain,
    close: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await services.drop();
      if (behindOutbox) await messages.drop();
    },
  };
}
