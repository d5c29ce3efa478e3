/** What a request of Feast's asks for, compiled once: from names to features, and from features to the columns of the answer. */
import type { GetOnlineFeatures } from '@roofshot/contracts/http/feast';
import type { Fault } from '@roofshot/contracts/validate';
import type { Definitions } from '@roofshot/feature-defs/definitions';
import { suggestNames } from '@roofshot/feature-defs/nearest';
import { compileService, type ServicePlan } from '@roofshot/feature-defs/service-plan';
import { fromDefinitionFaults } from '../errors.ts';
import { refuseFeast } from './feast-refusal.ts';

export interface FeastPlan {
  readonly service: ServicePlan;
  /** Of the features in the answer, in the order of the service's columns. */
  readonly names: readonly string[];
  /** The names as the items of a JSON array. */
  readonly writtenNames: string;
  /** The service's request features alone, which need no rows. */
  readonly requestService: ServicePlan;
  /** The views that are read, each once. */
  readonly views: readonly { readonly name: string; readonly version: number }[];
}

export type FeastQuestion = Pick<GetOnlineFeatures, 'features' | 'feature_service' | 'full_feature_names'>;

/** Throws `not-found` with the nearest names for what is not declared, `invalid` for names that cannot stand side by side. */
export function compileFeastPlan(question: FeastQuestion, definitions: Definitions): FeastPlan {
  const { features = [], feature_service: name, full_feature_names: isFull = false } = question;
  if (typeof name !== 'string') return planOfFeatures(features, isFull, definitions);
  if (features.length === 0) return planOfService(name, definitions);
  throw refuseFeast({
    code: 'invalid',
    raises: 'FeastError',
    message: 'The request names both `features` and a `feature_service`. Leave out one of them.',
    faults: [{ path: '/features', message: 'must be absent beside feature_service' }],
  });
}

function planOfService(name: string, definitions: Definitions): FeastPlan {
  const known = definitions.serviceNames();
  if (!known.includes(name)) {
    const message = `There is no FeatureService "${name}"${suggestNames(name, known)}.`;
    const faults = [{ path: '/feature_service', message }];
    throw refuseFeast({ code: 'not-found', raises: 'FeatureServiceNotFoundException', message, faults });
  }
  const service = fromDefinitionFaults(() => definitions.service(name));
  return planOf(
    service,
    service.columns.map((column) => column.name),
  );
}

/** One of `features`. */
interface Asked {
  readonly view: string;
  readonly feature: string;
}

function planOfFeatures(features: readonly string[], isFull: boolean, definitions: Definitions): FeastPlan {
  const asked = features.map(askedOf);
  refuseMisnamed(features, asked);
  refuseUnknown(asked, definitions);
  const nameOf = ({ view, feature }: Asked): string => (isFull ? `${view}__${feature}` : feature);
  refuseCollisions(asked.map(nameOf), features, isFull);
  const views = Map.groupBy(asked, ({ view }) => view);
  const service = serviceOver(views, definitions);
  return planOf(service, [...views.values()].flat().map(nameOf));
}

function askedOf(text: string): Asked {
  const colon = text.indexOf(':');
  return { view: text.slice(0, Math.max(0, colon)), feature: text.slice(colon + 1) };
}

function refuseMisnamed(features: readonly string[], asked: readonly Asked[]): void {
  const faults = asked.flatMap(({ view, feature }, i) =>
    view === '' || feature === '' ? [{ path: `/features/${i}`, message: `"${features[i]}" is not <view>:<feature>_<window>` }] : [],
  );
  if (features.length === 0) faults.push({ path: '/features', message: 'is empty, and there is no feature_service either' });
  if (faults.length === 0) return;
  const message = `The request does not say which features it wants: ${listOf(faults)}. Name them like orders-of-customer:count_1h.`;
  throw refuseFeast({ code: 'invalid', raises: 'FeastError', message, faults });
}

function refuseUnknown(asked: readonly Asked[], definitions: Definitions): void {
  const views = definitions.views();
  const faults: Fault[] = [];
  for (let i = 0; i < asked.length && faults.length < MOST_FAULTS; i += 1) {
    const message = unknownIn(asked[i] as Asked, views);
    if (message !== undefined) faults.push({ path: `/features/${i}`, message });
  }
  if (faults.length === 0) return;
  const isViewMissing = asked.some(({ view }) => !views.has(view));
  throw refuseFeast({
    code: 'not-found',
    raises: isViewMissing ? 'FeatureViewNotFoundException' : 'FeastObjectNotFoundException',
    message: `The features cannot be read: ${listOf(faults)}.`,
    faults,
  });
}

/** Looking for the nearest names takes its time, and one mistake is often made in many features. */
const MOST_FAULTS = 20;

function unknownIn({ view, feature }: Asked, views: ReturnType<Definitions['views']>): string | undefined {
  const names = views.get(view)?.names;
  if (names === undefined) return `there is no FeatureView "${view}"${suggestNames(view, views.keys())}`;
  return names.includes(feature) ? undefined : `FeatureView "${view}" has no feature "${feature}"${suggestNames(feature, names)}`;
}

function refuseCollisions(names: readonly string[], features: readonly string[], isFull: boolean): void {
  const faults = names.flatMap((name, i) =>
    names.indexOf(name) === i && names.lastIndexOf(name) === i
      ? []
      : [{ path: `/features/${i}`, message: `"${features[i]}" is called ${name} in the answer` }],
  );
  if (faults.length === 0) return;
  const remedy = isFull ? 'Name each feature once' : 'Set full_feature_names, or name each feature once';
  const message = `Several features have one name: ${listOf(faults)}. ${remedy}.`;
  throw refuseFeast({ code: 'invalid', raises: 'FeatureNameCollisionError', message, faults });
}

/** A misspelt view is misspelt in each of its features. */
const listOf = (faults: readonly Fault[]): string => [...new Set(faults.map(({ message }) => message))].join('; ');

/** Each view is a role of its own name, and the keys of its entity are the names in a request. */
function serviceOver(views: ReadonlyMap<string, readonly Asked[]>, definitions: Definitions): ServicePlan {
  const keysOf = (view: string): readonly string[] => definitions.views().get(view)?.entityKeys ?? [];
  const spec = {
    entities: [...new Set([...views.keys()].flatMap(keysOf))],
    views: [...views].map(([view, asked]) => ({
      role: view,
      view,
      keys: Object.fromEntries(keysOf(view).map((key) => [key, key])),
      features: asked.map(({ feature }) => feature),
    })),
  };
  return compileService({ name: 'features', generation: 0, spec }, definitions.views());
}

function planOf(service: ServicePlan, names: readonly string[]): FeastPlan {
  const { roles, requestFeatures } = service;
  const views = new Map(roles.map(({ view }) => [view.name, view.generation]));
  return {
    service,
    names,
    writtenNames: JSON.stringify(names).slice(1, -1),
    requestService: { ...service, roles: [], columns: service.columns.slice(service.columns.length - requestFeatures.length) },
    views: [...views].map(([name, version]) => ({ name, version })),
  };
}
