/** What the log says about shadows and roll-backs. */
import type { DataOf } from '@roofshot/contracts/define';
import { experiments, GuardrailBreached } from '@roofshot/contracts/experiments';
import { predictions, PredictionServed, ShadowScored } from '@roofshot/contracts/predictions';
import type { EventBus } from '@roofshot/messaging/events';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import { readEmbeddedUrl } from '@roofshot/storage/embedded-postgres';
import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import { createLogger } from '@roofshot/telemetry/logger';
import { join } from 'node:path';
import type { FaultSeen } from './fault-day.ts';
import { logPages } from './log-pages.ts';
import type { Disagreement, RollBack } from './stages.ts';

export interface OpenLog {
  readonly sql: Sql;
  readonly bus: EventBus;
  close(): Promise<void>;
}

/** A second connection to the platform's own database, beside the running platform. */
export async function openLog(data: string): Promise<OpenLog> {
  const url = await readEmbeddedUrl(join(data, 'postgres'));
  const sql = await openSql(url, { poolSize: 2, applicationName: 'demo' });
  const log = createLogger({ level: 'error', write: (line) => void process.stderr.write(line) });
  const bus = await openEventBus(url, { sql, sqlUrl: url, log });
  const close = async (): Promise<void> => {
    await bus.close();
    await sql.close();
  };
  return { sql, bus, close };
}

interface Said<D> {
  /** Wall clock of the service that said it, epoch ms. */
  readonly at: number;
  readonly data: D;
}

async function readAll<D>(bus: EventBus, topic: string, type: string): Promise<Said<D>[]> {
  const said: Said<D>[] = [];
  for await (const records of logPages(bus, topic)) {
    for (const { headers, value } of records) {
      if (headers['ce_type'] === type) said.push({ at: Date.parse(headers['ce_knowntime'] ?? ''), data: JSON.parse(value) as D });
    }
  }
  return said;
}

type Served = DataOf<typeof PredictionServed>;
type Breached = DataOf<typeof GuardrailBreached>;

/** Between `from` and `to` (event time): how often the shadow would have decided otherwise. */
export async function readDisagreement(bus: EventBus, from: string, to: string): Promise<Disagreement> {
  const served = await readAll<Served>(bus, predictions.name, PredictionServed.type);
  const shadows = await readAll<DataOf<typeof ShadowScored>>(bus, predictions.name, ShadowScored.type);
  const decisions = new Map(served.map(({ data }) => [data.predictionId, data.decision]));
  const inRange = shadows.filter(({ data }) => Date.parse(data.asOf) >= Date.parse(from) && Date.parse(data.asOf) < Date.parse(to));
  const differ = inRange.filter(({ data }) => decisions.get(data.predictionId) !== data.decision).length;
  return { pairs: inRange.length, differ: inRange.length === 0 ? 0 : differ / inRange.length };
}

/** Each breach in order, with the first answer by another version after it. */
export async function readRollBacks(bus: EventBus, faults: readonly FaultSeen[]): Promise<RollBack[]> {
  const served = await readAll<Served>(bus, predictions.name, PredictionServed.type);
  const breaches = await readAll<Breached>(bus, experiments.name, GuardrailBreached.type);
  return breaches
    .sort((a, b) => a.at - b.at)
    .map(({ at, data }, index) => {
      const answers = served.filter((answer) => answer.at >= at && answer.data.version !== data.version).map((answer) => answer.at);
      const fault = faults[index];
      return {
        fault: fault?.fault ?? 'unexpected',
        guardrail: data.guardrail,
        outcomesUntilBreach: data.outcomes,
        milliseconds: answers.reduce((least, answer) => Math.min(least, answer), Number.POSITIVE_INFINITY) - at,
        featureAgeMaxSeconds: fault?.ageMaxSeconds ?? 0,
      };
    });
}
