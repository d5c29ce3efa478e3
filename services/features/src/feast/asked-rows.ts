import { seriesKey } from '@roofshot/feature-defs/online-rows';
import { roleEntity, type ServicePlan, type VectorRequest } from '@roofshot/feature-defs/service-plan';
import type { OnlineKey } from '@roofshot/storage/online-store';

/** The rows of the online store that requests need, each once. How far the views are is not among them: Feast's answer tells no ages. */
export interface AskedRows {
  readonly keys: readonly OnlineKey[];
  /** Per role, for each request the place of its row in `keys`. */
  readonly places: readonly (readonly number[])[];
}

export function askRows({ roles }: ServicePlan, requests: readonly VectorRequest[]): AskedRows {
  const keys: OnlineKey[] = [];
  const known = new Map<string, Map<string, number>>();
  const places = roles.map((role) => {
    const { view } = role;
    const ofView = known.get(view.stateKey) ?? new Map<string, number>();
    known.set(view.stateKey, ofView);
    return requests.map(({ entities }) => {
      const entity = roleEntity(role, entities);
      const place = ofView.get(entity);
      if (place !== undefined) return place;
      ofView.set(entity, keys.length);
      return keys.push(seriesKey(view, entity)) - 1;
    });
  });
  return { keys, places };
}
