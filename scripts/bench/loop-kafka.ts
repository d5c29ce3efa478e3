/** The loop of area `loop`, with its events on a real Kafka and everything else in PostgreSQL, on the same cores. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { applySet } from '@roofshot/cli/apply-set';
import { loadResources } from '@roofshot/cli/load-resources';
import { startServer } from '@roofshot/testing/start-server';
import { flightEvents } from '../../examples/flights/data/events.ts';
import { Api } from '../../examples/flights/demo/api.ts';
import { startPlatform } from '../../examples/flights/demo/platform.ts';
import { Replay } from '../../examples/flights/demo/replay.ts';
import { atLeast, round, type Row } from './rows.ts';

const DAYS = { first: '2001-01-01', last: '2001-01-07' };
const TO = '2001-01-06T00:00:00Z';

export async function benchLoopOnKafka(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'roofshot-bench-'));
  const kafka = await startServer('kafka', { folder: join(folder, 'kafka') });
  try {
    const platform = await startPlatform(join(folder, 'data'), undefined, { EVENTS_URL: `${kafka.url}?partitions=2` });
    try {
      return [
        {
          key: 'loop_events_per_s_kafka',
          value: round(await measure(platform.url)),
          unit: 'events/s',
          bar: atLeast(3_000, 'Kafka and PostgreSQL on the same cores'),
        },
      ];
    } finally {
      await platform.stop();
    }
  } finally {
    await kafka.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Events a second from ingestion's door until features has folded all of them. */
async function measure(url: string): Promise<number> {
  const { faults } = await applySet(url, loadResources([resolve('examples/flights')]).resources);
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  const replay = new Replay(new Api(url), flightEvents({ days: [DAYS] }));
  const began = performance.now();
  await replay.sendUntil(TO);
  return replay.totals.events / ((performance.now() - began) / 1_000);
}
