import type { GetOnlineFeatures } from '@roofshot/contracts/http/feast';
import type { OnlineStore } from '@roofshot/storage/online-store';
import { askRows } from './asked-rows.ts';
import type { FeastPlans } from './feast-plans.ts';
import { readColumns } from './read-columns.ts';
import type { ViewValues } from './view-values.ts';
import { writeAnswer } from './write-answer.ts';

/** Where the values come from. */
export interface FeastSource {
  readonly plans: FeastPlans;
  readonly values: ViewValues;
  readonly online: Pick<OnlineStore, 'get'>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The answer to a request of Feast's, as JSON text: one round trip to the online store, however many views and rows. */
export async function readOnlineFeatures(asked: GetOnlineFeatures, { plans, values, online, now }: FeastSource): Promise<string> {
  const plan = await plans.of(asked);
  const { service } = plan;
  const requests = readColumns(service, asked.entities, now);
  const { keys, places } = askRows(service, requests);
  const rows = await online.get(keys);
  return writeAnswer(plan, {
    keys: Object.entries(asked.entities).filter(([name]) => service.entities.includes(name)),
    requests,
    roles: service.roles.map(({ view }, i) =>
      (places[i] ?? []).map((place) => values.of(view, keys[place]?.entity ?? '', rows[place], now)),
    ),
    withViews: asked.include_feature_view_version_metadata === true,
  });
}
