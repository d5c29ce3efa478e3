import type { Static } from 'typebox';
import type { FeatureVector, ReadFeatures } from '@roofshot/contracts/http/features';
import type { Fault } from '@roofshot/contracts/validate';
import type { Definitions } from '@roofshot/feature-defs/definitions';
import { OnlineRows } from '@roofshot/feature-defs/online-rows';
import { checkRequest, type ServicePlan, type VectorRequest } from '@roofshot/feature-defs/service-plan';
import { buildVector, keysOf, type Vector } from '@roofshot/feature-defs/vector';
import type { OnlineStore } from '@roofshot/storage/online-store';
import { fromDefinitionFaults, refuseRequest } from './errors.ts';

/** Vectors from the online store, as serving reads them: for people, the command line and tests. One round trip for all requests. */
export async function readFeatures(
  { featureService, requests }: Static<typeof ReadFeatures>,
  definitions: Definitions,
  { online, now }: { online: OnlineStore; now: number },
): Promise<Static<typeof FeatureVector>[]> {
  const plan = fromDefinitionFaults(() => definitions.service(featureService));
  const asked = requests.map(({ entities = {}, context = {}, asOf }) => ({
    entities,
    context,
    asOf: asOf === undefined ? now : Date.parse(asOf),
  }));
  refuseFaulty(plan, asked);
  const keys = keysOf(plan, asked);
  const rows = new OnlineRows(keys, await online.get(keys));
  return asked.map((request) => describeVector(plan, request, rows));
}

function refuseFaulty(plan: ServicePlan, requests: readonly VectorRequest[]): void {
  const faults: Fault[] = requests.flatMap((request, i) =>
    checkRequest(plan, request).map(({ path, message }) => ({ path: `/requests/${i}${path}`, message })),
  );
  if (faults.length > 0) throw refuseRequest(`The features of "${plan.name}"`, faults);
}

function describeVector(plan: ServicePlan, request: VectorRequest, rows: OnlineRows): Static<typeof FeatureVector> {
  const { values, statuses, ageMs, roleAgesMs } = buildVector(plan, request, rows);
  const named = plan.columns.map(({ name }, i) => ({ name, value: values[i] ?? null, status: statuses[i] as Vector['statuses'][number] }));
  return {
    values: Object.fromEntries(named.map(({ name, value }) => [name, value])),
    statuses: Object.fromEntries(named.filter(({ status }) => status !== 'PRESENT').map(({ name, status }) => [name, status])),
    ageSeconds: ageMs / 1_000,
    ages: Object.fromEntries(Object.entries(roleAgesMs).map(([role, age]) => [role, age / 1_000])),
  };
}
