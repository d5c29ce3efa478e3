// A service process for the kill test: folds amounts into totals and says a note for each batch, until it is killed.
// Usage: node --import register.mjs folding-process.ts <database url> <events url> <topic> <topic of notes> [stall]
import { setTimeout as delay } from 'node:timers/promises';
import { defineTopic, type EventDefinition, type TopicDefinition } from '@roofshot/contracts/define';
import { openSql } from '@roofshot/storage/open-sql';
import { PostgresQueue } from '../src/commands/postgres-queue.ts';
import { silent } from '../src/events/log-lab.ts';
import { openEventBus } from '../src/events/open-event-bus.ts';
import { onBatch } from '../src/handlers.ts';
import { Added, Noted } from '../src/delivery/delivery-lab.ts';
import { ServiceConsumption } from '../src/delivery/service-consumption.ts';

const [url = '', eventsUrl = '', name = '', notesName = '', mode] = process.argv.slice(2);

function topicOf<E extends EventDefinition>(topic: string, event: E): TopicDefinition<string, readonly [E]> {
  return defineTopic(topic, {
    events: [event] as const,
    key: (said) => (said.data as { unit: string }).unit,
    owner: 'tests',
    retentionDays: 'forever',
    description: 'Amounts by unit.',
  });
}

const sql = await openSql(url, { poolSize: 5 });
const bus = await openEventBus(eventsUrl, { sql, sqlUrl: url, log: silent });
const queue = await PostgresQueue.open(sql, { log: silent });
const notes = topicOf(notesName, Noted);

const fold = onBatch(topicOf(name, Added), async (batch, tx) => {
  await tx.query(
    `INSERT INTO sums.totals SELECT $1, unit, sum(n) FROM unnest($2::text[], $3::bigint[]) AS a(unit, n) GROUP BY unit ORDER BY unit
     ON CONFLICT (topic, unit) DO UPDATE SET total = sums.totals.total + excluded.total`,
    [name, batch.events.map(({ data }) => data.unit), batch.events.map(({ data }) => data.n)],
  );
  if (mode === 'stall') {
    process.stdout.write('folded\n');
    await delay(5_000); // idle with its locks held, so that the parent can pause it here
  }
  await tx.query('SELECT pg_sleep($1)', [Math.random() * 0.01]); // widens the moments at which the kill may strike
  tx.publish(
    notes,
    batch.events.map(({ data }) => ({ type: 'amount.noted' as const, data })),
  );
});

const service = new ServiceConsumption({ service: 'sums', schema: 'sums', sql, bus, queue, log: silent, clock: Date.now }, [fold]);
await service.start();
process.stdout.write('started\n');
