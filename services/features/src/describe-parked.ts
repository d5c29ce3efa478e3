import type { Static } from 'typebox';
import type { ParkedEvents } from '@roofshot/contracts/http/features';
import type { Definitions } from '@roofshot/feature-defs/definitions';
import { suggestNames } from '@roofshot/feature-defs/nearest';
import { DomainError } from '@roofshot/runtime/errors';
import type { Sql } from '@roofshot/storage/sql';
import { countParked } from './view-positions.ts';
import { listParked } from './parked-events.ts';

/** What a view as it is now could not read. Throws `not-found` with the nearest names. */
export async function describeParked(
  name: string,
  definitions: Definitions,
  { sql, limit }: { readonly sql: Sql; readonly limit: number },
): Promise<Static<typeof ParkedEvents>> {
  const plan = definitions.views().get(name);
  if (plan === undefined)
    throw new DomainError('not-found', `There is no FeatureView "${name}"${suggestNames(name, definitions.views().keys())}.`);
  const rows = await listParked(sql, plan.stateKey, limit);
  return {
    count: await countParked(sql, plan.stateKey),
    items: rows.map(({ eventTime, parkedAt, ...row }) => ({
      ...row,
      eventTime: eventTime === null ? null : new Date(eventTime).toISOString(),
      parkedAt: parkedAt.toISOString(),
    })),
  };
}
