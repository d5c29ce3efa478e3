/** Names of features in training jobs, decisions and covariates, against the feature services as they will be. */
import type { DeploymentSpec } from '@roofshot/contracts/resources/deployment';
import type { MetricSpec } from '@roofshot/contracts/resources/experiment-kinds';
import type { EntitySpec, FeatureServiceSpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { TrainingJobSpec } from '@roofshot/contracts/resources/training-job';
import { DefinitionFaults, Definitions } from '@roofshot/feature-defs/definitions';
import { compileExpression, ExpressionFault, type Variables } from '@roofshot/feature-defs/expressions';
import { typeOfColumn, type ServicePlan } from '@roofshot/feature-defs/service-plan';
import type { KnownResources } from './known-resources.ts';
import { faultIn, type FileFault, type LoadedResource } from './load-resources.ts';
import { suggest } from '@roofshot/runtime/nearest';

/** The plan of a feature service; undefined where it, or something that it reads, is missing or faulty: that is told elsewhere. */
export type PlanOf = (featureService: string) => ServicePlan | undefined;

const READERS = ['TrainingJob', 'Deployment', 'Metric'];

export async function plansOf(resources: readonly LoadedResource[], known: KnownResources): Promise<PlanOf> {
  if (!resources.some(({ resource }) => READERS.includes(resource.kind))) return () => undefined;
  const definitions = new Definitions();
  for (const declared of await declaredOf<EntitySpec>('Entity', known)) definitions.setEntity(declared);
  for (const declared of await declaredOf<FeatureViewSpec>('FeatureView', known)) definitions.setView(declared);
  for (const declared of await declaredOf<FeatureServiceSpec>('FeatureService', known)) definitions.setService(declared);
  return (name) => {
    try {
      return definitions.service(name);
    } catch (error) {
      if (error instanceof DefinitionFaults) return undefined;
      throw error;
    }
  };
}

interface Declared<S> {
  readonly name: string;
  readonly generation: number;
  readonly deleted: boolean;
  readonly spec: S;
}

async function declaredOf<S>(kind: string, known: KnownResources): Promise<Declared<S>[]> {
  const specs = [...(await known.specsOf(kind))].filter(([, spec]) => spec !== undefined);
  return specs.map(([name, spec]) => ({ name, generation: 1, deleted: false, spec: spec as S }));
}

export async function featureFaultsOf(loaded: LoadedResource, planOf: PlanOf, known: KnownResources): Promise<FileFault[]> {
  const { kind, spec } = loaded.resource;
  if (kind === 'TrainingJob') return jobFaults(loaded, spec as TrainingJobSpec, planOf);
  if (kind === 'Deployment') return decisionFaults(loaded, spec as DeploymentSpec, planOf);
  if (kind !== 'Metric') return [];
  const { source, covariate } = spec as MetricSpec;
  const deployment = (await known.specsOf('Deployment')).get(source.deployment) as DeploymentSpec | undefined;
  const plan = deployment === undefined ? undefined : planOf(deployment.featureService);
  return covariate === undefined || plan === undefined ? [] : expressionFaults(loaded, '/covariate', covariate, variablesOf(plan));
}

function jobFaults(loaded: LoadedResource, { featureService, features = [], observation }: TrainingJobSpec, planOf: PlanOf): FileFault[] {
  const plan = planOf(featureService);
  if (plan === undefined) return [];
  const names = plan.columns.map(({ name }) => name);
  const unknown = features.flatMap((name, index) => {
    const message = `the FeatureService "${featureService}" has no feature "${name}". ${suggest(name, names)}`;
    return names.includes(name) ? [] : [faultIn(loaded, `/spec/features/${index}`, message)];
  });
  return [
    ...unknown,
    ...keyFaults(loaded, { at: 'entities', given: observation.entities ?? {}, wanted: plan.entities }, featureService),
    ...keyFaults(loaded, { at: 'context', given: observation.context ?? {}, wanted: Object.keys(plan.context) }, featureService),
  ];
}

interface Keys {
  readonly at: 'entities' | 'context';
  readonly given: Readonly<Record<string, string>>;
  readonly wanted: readonly string[];
}

/** An observation must give what a request to the feature service gives. */
function keyFaults(loaded: LoadedResource, { at, given, wanted }: Keys, service: string): FileFault[] {
  const path = `/spec/observation/${at}`;
  const strange = Object.keys(given).filter((name) => !wanted.includes(name));
  const missing = wanted.filter((name) => !(name in given));
  return [
    ...strange.map((name) =>
      faultIn(loaded, `${path}/${name}`, `the FeatureService "${service}" has no ${at} "${name}". ${suggest(name, wanted)}`),
    ),
    ...missing.map((name) => faultIn(loaded, path, `"${name}" is missing: the FeatureService "${service}" needs it. Say where it is.`)),
  ];
}

function decisionFaults(loaded: LoadedResource, { decision = {}, featureService }: DeploymentSpec, planOf: PlanOf): FileFault[] {
  const plan = planOf(featureService);
  if (plan === undefined) return [];
  const variables = { p: 'number', ...variablesOf(plan) } as const;
  return Object.entries(decision).flatMap(([name, text]) => expressionFaults(loaded, `/decision/${name}`, text, variables));
}

function variablesOf({ columns, context }: ServicePlan): Variables {
  return {
    features: { fields: Object.fromEntries(columns.map((column) => [column.name, typeOfColumn(column)])) },
    context: { fields: context },
  };
}

function expressionFaults(loaded: LoadedResource, path: string, text: string, variables: Variables): FileFault[] {
  try {
    compileExpression(text, variables);
    return [];
  } catch (error) {
    if (error instanceof ExpressionFault) return [faultIn(loaded, `/spec${path}`, error.message)];
    throw error;
  }
}
