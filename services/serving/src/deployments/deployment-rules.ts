/** What serving asks of a Deployment beyond its schema, and what it says when one changes. */
import { deployments } from '@roofshot/contracts/deployments';
import { Deployment, type DeploymentSpec } from '@roofshot/contracts/resources/deployment';
import type { Fault } from '@roofshot/contracts/validate';
import { DefinitionFaults } from '@roofshot/feature-defs/definitions';
import type { ServicePlan } from '@roofshot/feature-defs/service-plan';
import type { Tx } from '@roofshot/messaging/handlers';
import { ownedKind, type OwnedKind } from '@roofshot/runtime/resource-rules';
import { compileDecisions } from './decisions.ts';
import type { Endpoints } from './endpoints.ts';

export function deploymentKind(endpoints: Endpoints): OwnedKind {
  return ownedKind(Deployment, {
    check: (spec) => checkDeployment(spec, planIfKnown(endpoints, spec)),
    changed: (tx, { metadata, generation, spec }) => publishChange(tx, { name: metadata.name, generation, deleted: false, spec }),
    removed: (tx, { metadata, generation, spec }) => publishChange(tx, { name: metadata.name, generation, deleted: true, spec }),
    committed: (resource, previous) => {
      if (resource !== undefined) endpoints.setDeployment({ ...named(resource), deleted: false });
      else if (previous !== undefined) endpoints.setDeployment({ ...named(previous), deleted: true });
    },
  });
}

type Change = Parameters<Endpoints['setDeployment']>[0];
type Named = Omit<Change, 'deleted'>;

const named = (resource: { metadata: { name: string }; generation: number; spec: DeploymentSpec }): Named => ({
  name: resource.metadata.name,
  generation: resource.generation,
  spec: resource.spec,
});

function publishChange(tx: Tx, data: Change): void {
  tx.publish(deployments, [{ type: 'deployment.changed', subject: data.name, data }]);
}

/** A feature service that is not declared (yet) is no fault: it may be applied in the same breath, by another owner. */
function planIfKnown({ definitions }: Endpoints, { featureService }: DeploymentSpec): ServicePlan | undefined {
  try {
    return definitions.service(featureService);
  } catch (error) {
    if (error instanceof DefinitionFaults) return undefined;
    throw error;
  }
}

/** All faults; pointers begin at the spec. Feature names in decisions are checked where the feature service is known. */
export function checkDeployment(spec: DeploymentSpec, plan: ServicePlan | undefined): Fault[] {
  return [...duplicateNames(spec), ...duplicateShadows(spec), ...decisionFaults(spec, plan)];
}

function duplicateNames({ variants }: DeploymentSpec): Fault[] {
  return variants.flatMap(({ name }, i) => {
    const isFirst = variants.findIndex((variant) => variant.name === name) === i;
    return isFirst ? [] : [{ path: `/variants/${i}/name`, message: `the variant "${name}" is declared twice; give each its own name` }];
  });
}

function duplicateShadows({ shadows = [] }: DeploymentSpec): Fault[] {
  return shadows.flatMap((alias, i) => {
    const isFirst = shadows.indexOf(alias) === i;
    return isFirst ? [] : [{ path: `/shadows/${i}`, message: `the shadow "${alias}" is listed twice; keep one` }];
  });
}

function decisionFaults({ decision, featureService }: DeploymentSpec, plan: ServicePlan | undefined): Fault[] {
  const hint =
    plan === undefined ? '' : ` (FeatureService ${featureService}, generation ${plan.generation}; apply its change first if it is one)`;
  return compileDecisions(decision, plan).faults.map(({ path, message }) => ({ path, message: message + hint }));
}
