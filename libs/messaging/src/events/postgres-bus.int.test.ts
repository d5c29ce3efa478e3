import { testDatabase } from '@roofshot/testing/postgres';
import { busConformance } from './bus.conformance.ts';
import { silent, type BusLab } from './log-lab.ts';
import { PostgresBus } from './postgres-bus.ts';

async function startLab(): Promise<BusLab> {
  const database = await testDatabase();
  const buses: PostgresBus[] = [];
  const open = async (): Promise<PostgresBus> => {
    const bus = await PostgresBus.open(database.sql, { log: silent });
    buses.push(bus);
    return bus;
  };
  const keeper = await open();
  return {
    open,
    sql: database.sql,
    expire: async (topic) => {
      await database.sql.query(
        `UPDATE messaging.records SET appended_at = appended_at - interval '1 day'
         WHERE topic_id = (SELECT topic_id FROM messaging.topics WHERE name = $1)`,
        [topic],
      );
      expect(await keeper.maintain()).toBeGreaterThan(0);
    },
    compact: async () => {
      expect(await keeper.maintain()).toBeGreaterThan(0);
    },
    close: async () => {
      await Promise.all(buses.map((bus) => bus.close()));
      await database.drop();
    },
  };
}

busConformance('PostgreSQL', startLab);
