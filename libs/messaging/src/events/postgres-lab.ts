import { eventually } from '@roofshot/testing/eventually';
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
  return {
    open: async () => {
      const bus = await PostgresBus.open(messages.sql, { log: silent });
      const opened = behindOutbox ? await OutboxBus.open(bus, services.sql, silent) : bus;
      buses.push(opened);
      return opened;
    },
    url: messages.url,
    sharesDatabase: !behindOutbox,
    sql: services.sql,
    expire: async (topic) => {
      await messages.sql.query(
        `UPDATE messaging.records SET appended_at = appended_at - interval '1 day'
         WHERE topic_id = (SELECT topic_id FROM messaging.topics WHERE name = $1)`,
        [topic],
      );
      await eventually(async () => {
        await keeper.maintain(); // another bus's timer may be at it just now
        return (await keeper.bounds(topic)).every(({ start, end }) => start === end);
      });
    },
    compact: async (topic) => {
      const records = async (): Promise<number> => {
        const parts = await Promise.all((await keeper.bounds(topic)).map((bounds) => keeper.readFrom(bounds, 0, 100_000)));
        return parts.flat().length;
      };
      const before = await records();
      await eventually(async () => {
        await keeper.maintain();
        return (await records()) < before;
      });
    },
    close: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await services.drop();
      if (behindOutbox) await messages.drop();
    },
  };
}
