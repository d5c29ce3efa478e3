/** What answers now, and the wait until it is so. */
import type { DeploymentState } from '@roofshot/contracts/http/serving';
import type { Switchboard } from '../models/switchboard.ts';
import { describeMissing, projectionOf } from '../predict/projections.ts';
import type { LoadedVersion } from '../models/loaded-versions.ts';
import { aliasesOf, defaultVariant, type Endpoint, type PreparedEndpoint } from './endpoint.ts';
import type { Endpoints } from './endpoints.ts';

/** What a caller of the state may wait for; all that is given must hold. */
export interface Awaited {
  readonly alias?: string | undefined;
  readonly version?: number | undefined;
  readonly experiment?: string | undefined;
  /** At least this one. */
  readonly configVersion?: number | undefined;
  /** Of the experiment's allocation: `running` or `stopped`. */
  readonly state?: string | undefined;
}

export interface StateSources {
  readonly endpoints: Endpoints;
  readonly switchboard: Switchboard;
  readonly unpublished: () => number;
}

export function describeState(
  { endpoints, switchboard, unpublished }: StateSources,
  endpoint: Endpoint,
  experiment?: string,
): DeploymentState {
  const { name, spec } = endpoint;
  const { model } = spec;
  const versionOf = (alias: string): number | null => switchboard.current({ model, alias })?.version ?? null;
  const faults = faultsOf({ endpoints, switchboard }, endpoint);
  const document = experiment === undefined ? endpoints.allocations.latest(name) : endpoints.allocations.find(experiment);
  return {
    name,
    ready: endpoints.faultOf(endpoint) === undefined && (versionOf(defaultVariant(spec).alias) !== null || spec.fallback !== undefined),
    variants: spec.variants.map((variant) => ({ variant: variant.name, alias: variant.alias, version: versionOf(variant.alias) })),
    shadows: (spec.shadows ?? []).map((alias) => ({ alias, version: versionOf(alias) })),
    allocation:
      document === undefined ? null : { experiment: document.experiment, configVersion: document.configVersion, state: document.state },
    spool: { unpublished: unpublished() },
    ...(faults.length > 0 && { faults }),
  };
}

/** A sentence for each thing that is not as it was declared. */
function faultsOf({ endpoints, switchboard }: Pick<StateSources, 'endpoints' | 'switchboard'>, endpoint: Endpoint): string[] {
  const fault = endpoints.faultOf(endpoint);
  const aliases = aliasesOf(endpoint);
  const failures = aliases.map((alias) => switchboard.failure(alias));
  const misfits =
    fault === undefined ? aliases.map((alias) => misfitOf(endpoints.getPrepared(endpoint.name), switchboard.current(alias))) : [];
  return [fault, ...failures, ...new Set(misfits)].filter((one) => one !== undefined);
}

/** Why a loaded version cannot answer for this deployment. */
function misfitOf({ plan }: PreparedEndpoint, version: LoadedVersion | undefined): string | undefined {
  const projection = version && projectionOf(plan, version);
  return projection && 'missing' in projection ? describeMissing(plan, version, projection.missing) : undefined;
}

export function isReached({ variants, shadows, allocation }: DeploymentState, awaited: Awaited): boolean {
  const { alias, version, experiment, configVersion, state } = awaited;
  const answers = [...variants, ...shadows].filter((one) => alias === undefined || one.alias === alias);
  const isAnswering = alias === undefined && version === undefined ? true : answers.some((one) => isVersion(one.version, version));
  const isAllocated =
    (experiment === undefined || allocation?.experiment === experiment) &&
    (configVersion === undefined || (allocation?.configVersion ?? 0) >= configVersion) &&
    (state === undefined || allocation?.state === state);
  return isAnswering && isAllocated;
}

/** Without a wanted version, any will do. */
function isVersion(found: number | null, wanted: number | undefined): boolean {
  return wanted === undefined ? found !== null : found === wanted;
}
