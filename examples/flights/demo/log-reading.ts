/** What the log says about shadows and roll-backs. */
import type { DataOf } from '@roofshot/contracts/define';
import { ExperimentAnalysed, experiments, GuardrailBreached } from '@roofshot/contracts/experiments';
import { predictions, PredictionServed, ShadowScored } from '@roofshot/contracts/predictions';
import type { EventBus } from '@roofshot/messaging/events';
import { openEventBus } from '@roofshot/messaging/open-event-bus';
import type { ServerUrls } from '@roofshot/testing/platform-servers';
import { readEmbeddedUrl } from '@roofshot/storage/embedded-postgres';
import { openSql } from '@roofshot/storage/open-sql';
import type { Sql } from '@roofshot/storage/sql';
import { createLogger } from '@roofshot/telemetry/logger';
import { join } from 'node:path';
import { EXPERIMENT } from './api.ts';
import type { Look } from './effect-chart.ts';
import type { FaultSeen } from './fault-day.ts';
import { logPages } from './log-pages.ts';
import type { Disagreement, RollBack } from './stages.ts';

export interface OpenLog {
  readonly sql: Sql;
  readonly bus: EventBus;
  close(): Promise<void>;
}

/** A second connection to the platform's own database, beside the running platform. */
/** `data`: the platform's folder, where its database is when `servers` names none. */
export async function openLog(data: string, { SQL_URL, EVENTS_URL }: ServerUrls = {}): Promise<OpenLog> {
  const url = SQL_URL ?? (await readEmbeddedUrl(join(data, 'postgres')));
  const sql = await openSql(url, { poolSize: 4, applicationName: 'demo' });
  const log = createLogger({ level: 'error', write: (line) => void process.stderr.write(line) });
  const bus = await openEventBus(EVENTS_URL ?? url, { sql, sqlUrl: url, log });
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

/** Of each event only what `pick` takes: the log of a large run does not fit into this process. */
async function readAll<D, P>(bus: EventBus, { topic, type }: { topic: string; type: string }, pick: (data: D) => P): Promise<Said<P>[]> {
  const said: Said<P>[] = [];
  for await (const records of logPages(bus, topic)) {
    for (const { headers, value } of records) {
      if (headers['ce_type'] === type) said.push({ at: Date.parse(headers['ce_knowntime'] ?? ''), data: pick(JSON.parse(value) as D) });
    }
  }
  return said;
}

type Served = Pick<DataOf<typeof PredictionServed>, 'predictionId' | 'decision' | 'version'>;
type Shadow = Pick<DataOf<typeof ShadowScored>, 'predictionId' | 'decision' | 'asOf'>;
type Breached = DataOf<typeof GuardrailBreached>;

const readServed = (bus: EventBus): Promise<Said<Served>[]> =>
  readAll<DataOf<typeof PredictionServed>, Served>(
    bus,
    { topic: predictions.name, type: PredictionServed.type },
    ({ predictionId, decision, version }) => ({ predictionId, decision, version }),
  );

/** Between `from` and `to` (event time): how often the shadow would have decided otherwise. */
export async function readDisagreement(bus: EventBus, from: string, to: string): Promise<Disagreement> {
  const served = await readServed(bus);
  const shadows = await readAll<DataOf<typeof ShadowScored>, Shadow>(
    bus,
    { topic: predictions.name, type: ShadowScored.type },
    ({ predictionId, decision, asOf }) => ({ predictionId, decision, asOf }),
  );
  const decisions = new Map(served.map(({ data }) => [data.predictionId, data.decision]));
  const inRange = shadows.filter(({ data }) => Date.parse(data.asOf) >= Date.parse(from) && Date.parse(data.asOf) < Date.parse(to));
  const differ = inRange.filter(({ data }) => decisions.get(data.predictionId) !== data.decision).length;
  return { pairs: inRange.length, differ: inRange.length === 0 ? 0 : differ / inRange.length };
}

/** What the experiment published of itself, in event time. */
export async function readLooks(bus: EventBus): Promise<Look[]> {
  type Analysed = DataOf<typeof ExperimentAnalysed>;
  const said = await readAll<Analysed, Analysed['analyses']>(
    bus,
    { topic: experiments.name, type: ExperimentAnalysed.type },
    ({ analyses }) => analyses.filter(({ experiment }) => experiment === EXPERIMENT),
  );
  return said
    .flatMap(({ data }) => data)
    .map(({ asOf, effect, ci, sequential }) => ({ asOf, effect, ci, boundary: sequential.ci }))
    .sort((a, b) => Date.parse(a.asOf) - Date.parse(b.asOf));
}

/** Each breach in order, with the first answer by another version after it. */
export async function readRollBacks(bus: EventBus, faults: readonly FaultSeen[]): Promise<RollBack[]> {
  const breaches = await readAll<Breached, Breached>(bus, { topic: experiments.name, type: GuardrailBreached.type }, (data) => data);
  const served = await readServed(bus);
  return breaches.sort((a, b) => a.at - b.at).map((breach) => rollBackOf(breach, served, faults));
}

/** A breach belongs to the fault in whose event time it fell; without one it is called unexpected. */
export function rollBackOf(
  { at, data }: Said<Breached>,
  served: readonly Said<Pick<Served, 'version'>>[],
  faults: readonly FaultSeen[],
): RollBack {
  const breachedAt = Date.parse(data.breachedAt);
  const fault = faults.find(({ from, to }) => breachedAt >= Date.parse(from) && breachedAt < Date.parse(to));
  const byOther = served.filter((answer) => answer.at >= at && answer.data.version !== data.version);
  const firstAt = byOther.reduce((least, answer) => Math.min(least, answer.at), Number.POSITIVE_INFINITY);
  return {
    fault: fault?.fault ?? 'unexpected',
    guardrail: data.guardrail,
    outcomesUntilBreach: data.outcomes,
    milliseconds: firstAt - at,
    featureAgeMaxSeconds: fault?.ageMaxSeconds,
  };
}
