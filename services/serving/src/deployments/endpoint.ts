/** One deployment as declared, and ready to answer once its feature service is known. */
import type { DeploymentSpec } from '@roofshot/contracts/resources/deployment';
import type { ServicePlan } from '@roofshot/feature-defs/service-plan';
import { durationMs } from '@roofshot/feature-defs/windows';
import type { AliasName } from '../models/switchboard.ts';
import { compileDecisions, type Decide } from './decisions.ts';

export type Variant = DeploymentSpec['variants'][number];

export interface Endpoint {
  readonly name: string;
  readonly generation: number;
  readonly spec: DeploymentSpec;
}

/** An endpoint over one generation of its feature service. */
export interface PreparedEndpoint extends Endpoint {
  readonly plan: ServicePlan;
  readonly decide: Decide;
  /** Infinity where none is declared. */
  readonly maxFeatureAgeMs: number;
  readonly defaultVariant: Variant;
}

/** Throws a sentence when a decision cannot be evaluated over these features. */
export function prepareEndpoint(endpoint: Endpoint, plan: ServicePlan): PreparedEndpoint {
  const { spec } = endpoint;
  const { decide, faults } = compileDecisions(spec.decision, plan);
  if (faults.length > 0) throw new Error(faults.map(({ path, message }) => `${path} ${message}`).join('; '));
  return {
    ...endpoint,
    plan,
    decide,
    maxFeatureAgeMs: spec.maxFeatureAge === undefined ? Infinity : durationMs(spec.maxFeatureAge),
    defaultVariant: defaultVariant(spec),
  };
}

/** The first one declared; the contract asks for at least one. */
export function defaultVariant({ variants: [first] }: DeploymentSpec): Variant {
  if (first === undefined) throw new Error('A deployment has at least one variant.');
  return first;
}

/** Every alias that it may ask, each once. */
export function aliasesOf({ spec }: Endpoint): AliasName[] {
  const aliases = new Set([...spec.variants.map(({ alias }) => alias), ...(spec.shadows ?? [])]);
  return [...aliases].map((alias) => ({ model: spec.model, alias }));
}
