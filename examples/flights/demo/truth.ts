/**
 * What the platform cannot know but a replay can: what each version would have done with every flight. Computed from the raw log
 * and the two model files alone; nothing is asked of the services that are judged by it.
 */
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { areaUnderCurve, meanCost } from './scores.ts';

export interface VersionFile {
  readonly path: string;
  /** Feature names in the order of the model's input columns. */
  readonly inputs: readonly string[];
}

export interface Truth {
  /** Flights that were predicted in the week and landed. */
  readonly flights: number;
  readonly auc: readonly [number, number];
  readonly cost: readonly [number, number];
  /** Mean of cost under the second minus cost under the first version, over all flights. */
  readonly pairedEffect: number;
}

interface Row {
  readonly features: Readonly<Record<string, number | null>>;
  readonly late: boolean;
}

/** Probability above which the deployment warns (examples/flights/serving.yaml). */
const THRESHOLD = 0.2;
const BATCH = 2048;

/** `from` ≤ prediction time < `to`, RFC 3339 with Z. */
export async function computeTruth(log: string, versions: readonly [VersionFile, VersionFile], from: string, to: string): Promise<Truth> {
  const rows = await readRows(log, from, to);
  const late = rows.map((row) => row.late);
  const [first, second] = [await scoreAll(versions[0], rows), await scoreAll(versions[1], rows)];
  const cost = [meanCost(first, late, THRESHOLD), meanCost(second, late, THRESHOLD)] as const;
  return {
    flights: rows.length,
    auc: [areaUnderCurve(first, late), areaUnderCurve(second, late)],
    cost,
    pairedEffect: cost[1] - cost[0],
  };
}

interface ServedPrediction {
  readonly unit: string;
  readonly asOf: string;
  readonly features: Row['features'];
}

/** One row per predicted flight that landed, by flight: the vector as it was served, and what happened. */
async function readRows(log: string, from: string, to: string): Promise<Row[]> {
  const served = await readData<ServedPrediction>(join(log, 'predictions.parquet'), 'prediction.served');
  const landings = await readData<{ flight: string; delay: number }>(join(log, 'landed.parquet'), 'flight.landed');
  const delays = new Map(landings.map(({ flight, delay }) => [flight, delay]));
  const inWeek = served.filter(
    ({ unit, asOf }) => delays.has(unit) && Date.parse(asOf) >= Date.parse(from) && Date.parse(asOf) < Date.parse(to),
  );
  const byFlight = new Map(inWeek.map((prediction) => [prediction.unit, prediction]));
  return [...byFlight.values()]
    .sort((a, b) => (a.unit < b.unit ? -1 : 1))
    .map(({ unit, features }) => ({ features, late: (delays.get(unit) ?? 0) > 15 }));
}

async function readData<T>(path: string, type: string): Promise<T[]> {
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false' });
  const duck = await instance.connect();
  const reader = await duck.runAndReadAll('SELECT data FROM read_parquet($path) WHERE type = $type', { path, type });
  const rows = reader.getRows().map(([data]) => JSON.parse(String(data)) as T);
  duck.closeSync();
  instance.closeSync();
  return rows;
}

/** Scores in the order of the rows; a null feature is NaN to the model. */
async function scoreAll({ path, inputs }: VersionFile, rows: readonly Row[]): Promise<Float64Array> {
  const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
  const scores = new Float64Array(rows.length);
  for (let start = 0; start < rows.length; start += BATCH) {
    const batch = rows.slice(start, start + BATCH);
    const matrix = Float32Array.from(batch.flatMap(({ features }) => inputs.map((name) => features[name] ?? Number.NaN)));
    const [input = 'features'] = session.inputNames;
    const answer = await session.run({ [input]: new Tensor('float32', matrix, [batch.length, inputs.length]) }, ['probabilities']);
    const probabilities = answer['probabilities']?.data as Float32Array;
    batch.forEach((_, index) => {
      scores[start + index] = probabilities[2 * index + 1] ?? Number.NaN;
    });
  }
  await session.release();
  return scores;
}
