/** Which variant a unit gets, and with which probability. */
import type { RunningAllocation } from '../deployments/allocations.ts';
import type { PreparedEndpoint, Variant } from '../deployments/endpoint.ts';

export interface ExperimentPart {
  readonly experiment: string;
  readonly phase: number;
  readonly configVersion: number;
}

export interface Choice {
  /** The experiment's name of it; outside an experiment the deployment's. */
  readonly variant: string;
  readonly propensity: number;
  /** The unit takes part in the running experiment. */
  readonly part: ExperimentPart | undefined;
  /** The deployment's variant that is to answer; undefined when the experiment names one that the deployment does not have. */
  readonly serves: Variant | undefined;
}

export function chooseVariant(endpoint: PreparedEndpoint, allocation: RunningAllocation | undefined, unit: string): Choice {
  const assignment = allocation?.assign(unit);
  if (allocation === undefined || assignment?.inExperiment !== true) {
    const { defaultVariant } = endpoint;
    return { variant: defaultVariant.name, propensity: 1, part: undefined, serves: defaultVariant };
  }
  const { experiment, phase, configVersion, variant, propensity, index } = assignment;
  const serves = allocation.document.variants[index]?.serves;
  return {
    variant,
    propensity,
    part: { experiment, phase, configVersion },
    serves: endpoint.spec.variants.find(({ name }) => name === serves),
  };
}
