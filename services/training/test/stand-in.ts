/** What stands in for the features service: it answers orders of snapshots from a file, and hears what training says. */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { BuildTrainingSnapshot, featureDefinitions, trainingSnapshots } from '@roofshot/contracts/features';
import { CancelTrainingRun, StartTrainingRun, trainingRuns } from '@roofshot/contracts/training';
import type { DataOf, EventsOf } from '@roofshot/contracts/define';
import { done, follow, handle } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import { defineService, type AnyService } from '@roofshot/runtime/service';
import { Signal } from '@roofshot/runtime/signal';
import { Type } from 'typebox';

type Order = DataOf<typeof BuildTrainingSnapshot>;
export type Said = EventsOf<typeof trainingRuns>;

export const FEATURES = ['hour', 'delays', 'noise'];

/** 600 observations over 12.5 days from 2001-01-01; `hour` and `delays` say something about `late`. */
export async function writeSnapshot(path: string, rows = 600): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const db = await instance.connect();
  await db.run(`COPY (
    WITH drawn AS (
      SELECT i, 5 + (hash(i) % 19)::INT AS hour, (hash(i, 1) % 1000)::DOUBLE / 10 - 30 AS delays, (hash(i, 2) % 1000)::DOUBLE / 1000 AS noise
      FROM range(${rows}) t(i))
    SELECT 'f' || i AS observation_id, TIMESTAMPTZ '2001-01-01 00:00:00+00' + to_minutes(30 * i) AS event_time, hour::DOUBLE AS hour,
      CASE WHEN i % 10 = 0 THEN NULL ELSE delays END AS delays, noise,
      (hour - 14) / 6.0 + coalesce(delays, 0) / 20 + noise > 0.5 AS late
    FROM drawn ORDER BY i) TO '${path}' (FORMAT parquet)`);
  db.closeSync();
  instance.closeSync();
}

export interface StandIn {
  readonly service: AnyService;
  /** Orders of snapshots, in the order of their coming. */
  readonly orders: Order[];
  /** Everything on training-runs.v1. */
  readonly said: Said[];
  /** Answers an order; undefined: leaves it open. */
  answer: (order: Order) => 'built' | { readonly failed: string } | undefined;
  readonly changed: Signal;
  transactions(): Transactions;
}

export function standIn(folder: string): StandIn {
  let transactions: Transactions | undefined;
  const lab: StandIn = {
    orders: [],
    said: [],
    answer: () => 'built',
    changed: new Signal(),
    transactions: () => transactions ?? refuse(),
    service: defineService({
      name: 'features',
      config: Type.Object({}),
      port: 0,
      needs: ['events', 'commands', 'sql', 'objects'],
      publishes: [trainingSnapshots, featureDefinitions],
      sends: [StartTrainingRun, CancelTrainingRun],
      kinds: [],
      paths: [],
      migrations: [],
      module: (platform) => {
        transactions = platform.transactions;
        makeObject = async () => {
          await writeSnapshot(join(folder, 'snapshot.parquet'));
          return platform.objects.putFile(join(folder, 'snapshot.parquet'));
        };
        return { module: StandInModule };
      },
      handlers: () => [
        handle(BuildTrainingSnapshot, async ({ data }, tx) => {
          lab.orders.push(data);
          const answer = lab.answer(data);
          if (answer === 'built') {
            const { key, bytes } = await makeObject();
            tx.publish(trainingSnapshots, [{ type: 'training-snapshot.built', data: builtFrom(data, key, bytes) }]);
          } else if (answer !== undefined) {
            const said = { snapshotId: data.snapshotId, reason: answer.failed };
            tx.publish(trainingSnapshots, [{ type: 'training-snapshot.failed', data: said }]);
          }
          return done();
        }),
        follow(trainingRuns, {
          'training-run.started': (event) => hear(event),
          'trial.reported': (event) => hear(event),
          'training-run.finished': (event) => hear(event),
          'training-run.failed': (event) => hear(event),
          'training-run.cancelled': (event) => hear(event),
        }),
      ],
    }),
  };
  let makeObject: () => Promise<{ key: string; bytes: number }> = refuse;
  const hear = (event: Said): void => {
    lab.said.push(event);
    lab.changed.changed();
  };
  return lab;
}

class StandInModule {}

function refuse(): never {
  throw new Error('The stand-in has not started.');
}

function builtFrom({ snapshotId, featureService, from, to, asOf, label }: Order, object: string, bytes: number): BuiltData {
  return {
    snapshotId,
    object,
    bytes,
    rows: 600,
    labelNotKnown: 3,
    featureService,
    featureServiceGeneration: 2,
    features: FEATURES.map((name) => ({ name, dtype: 'float' as const })),
    label: label.name,
    observationIdColumn: 'observation_id',
    eventTimeColumn: 'event_time',
    from,
    to,
    asOf,
    positions: { 'events.flight.departed': { '0': 600 } },
    imported: true,
  };
}
type BuiltData = DataOf<(typeof trainingSnapshots)['events'][0]>;
