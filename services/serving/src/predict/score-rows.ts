/**
 * Scores each row by the version of its variant; where that cannot answer, by the default variant's; else by the declared constant.
 * Rows of one version are scored together. A row's variant stays its own, whoever answers.
 */
import type { FeatureValue } from '@roofshot/feature-defs/feature-value';
import type { Logger } from '@roofshot/telemetry/logger';
import { noAnswer } from '../errors.ts';
import { metrics } from '../metrics.ts';
import type { PreparedEndpoint, Variant } from '../deployments/endpoint.ts';
import type { LoadedVersion } from '../models/loaded-versions.ts';
import { isProbability } from '../models/onnx-session.ts';
import type { Switchboard } from '../models/switchboard.ts';
import { describeMissing, matrixOf, projectionOf } from './projections.ts';

export interface Row {
  readonly values: readonly FeatureValue[];
  readonly serves: Variant | undefined;
}

export interface Score {
  readonly score: number;
  /** Null: the constant. */
  readonly version: number | null;
  readonly fallback: boolean;
}

export interface Scorer {
  readonly switchboard: Switchboard;
  readonly log: Logger;
}

/** Throws `no-answer` when a row has neither a version nor a constant. */
export async function scoreRows(scorer: Scorer, endpoint: PreparedEndpoint, rows: readonly Row[]): Promise<Score[]> {
  const scores: (Score | undefined)[] = rows.map(() => undefined);
  const failures = new Set<string>();
  const { alias: defaultAlias } = endpoint.defaultVariant;
  for (const isFallback of [false, true]) {
    const open = rows.flatMap((row, i) =>
      scores[i] === undefined && !(isFallback && row.serves?.alias === defaultAlias) ? [{ row, i }] : [],
    );
    const groups = Map.groupBy(open, ({ row }) => (isFallback ? defaultAlias : row.serves?.alias));
    for (const [alias, group] of groups) {
      const found = await scoreGroup(scorer, endpoint, { alias, rows: group.map(({ row }) => row) });
      if (typeof found === 'string') failures.add(found);
      else group.forEach(({ i }, at) => (scores[i] = answered(found, at, isFallback)));
    }
  }
  return scores.map((score) => score ?? constantOf(endpoint, failures));
}

interface Group {
  readonly alias: string | undefined;
  readonly rows: readonly Row[];
}

interface Scored {
  readonly version: number;
  readonly scores: Float32Array;
}

function answered({ version, scores }: Scored, at: number, fallback: boolean): Score | undefined {
  const score = scores[at];
  return isProbability(score) ? { score, version, fallback } : undefined;
}

function constantOf({ name, spec }: PreparedEndpoint, failures: ReadonlySet<string>): Score {
  if (spec.fallback === undefined) throw noAnswer(name, [...failures].join('; ') || 'the version gave no probability');
  return { score: spec.fallback.score, version: null, fallback: true };
}

/** A sentence says why the alias cannot answer. */
async function scoreGroup({ switchboard, log }: Scorer, endpoint: PreparedEndpoint, { alias, rows }: Group): Promise<Scored | string> {
  if (alias === undefined) return 'the experiment names a variant that the deployment does not have';
  const { model } = endpoint.spec;
  const version = switchboard.current({ model, alias });
  if (version === undefined) return switchboard.failure({ model, alias }) ?? `the alias ${alias} of ${model} names no version`;
  try {
    return await scoreVectors(
      version,
      endpoint,
      rows.map(({ values }) => values),
    );
  } catch (error) {
    metrics['scoring.failed'](1, { deployment: endpoint.name });
    log.error('A version failed to score; the fallback answers.', {
      'labels.deployment': endpoint.name,
      'labels.version': version.version,
      error,
    });
    return (error as Error).message;
  }
}

/** Scores whole vectors of the endpoint's feature service by one version. Throws a sentence. */
export async function scoreVectors(
  version: LoadedVersion,
  { plan }: PreparedEndpoint,
  vectors: readonly (readonly FeatureValue[])[],
): Promise<Scored> {
  const projection = projectionOf(plan, version);
  if ('missing' in projection) throw new Error(describeMissing(plan, version, projection.missing));
  const scores = await version.score(matrixOf(vectors, projection.places), vectors.length);
  return { version: version.version, scores };
}
