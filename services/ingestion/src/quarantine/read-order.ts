/** From requests to what is to be done. */
import type { IncomingHttpHeaders } from 'node:http';
import type { DiscardRequest, PatchOperation, RedriveRequest } from '@roofshot/contracts/http/quarantine';
import type { Fault } from '@roofshot/contracts/validate';
import { actorOf } from '@roofshot/runtime/actor';
import { DomainError } from '@roofshot/runtime/errors';
import type { Queryable } from '@roofshot/storage/sql';
import { jsonFault } from '../check-json.ts';
import { keysInForce } from '../write-keys/write-key-store.ts';
import type { WriteKey } from '../write-keys/write-key.ts';
import type { Choice } from './choose-rows.ts';
import { patchFaults } from './json-patch.ts';
import type { RedriveOrder, WorkOrder } from './redrive-order.ts';

/** Events of one request where it does not say: an answer that can be read. */
const DEFAULT_LIMIT = 1_000;

/** Throws `invalid` with every fault. */
export async function readRedrive(db: Queryable, request: RedriveRequest, headers: IncomingHttpHeaders): Promise<RedriveOrder> {
  const { patch = [], as, dryRun = false, limit, cursor, ids, reason = '' } = request;
  const faults = [...choiceFaults(request), ...patchFaults(patch).map(under('/patch')), ...valueFaults(patch)];
  if (ids !== undefined && (limit ?? cursor) !== undefined)
    faults.push({ path: '/ids', message: 'are all tried: leave limit and cursor out' });
  const key = as === undefined ? undefined : await findKey(db, as);
  if (as !== undefined && key === undefined) faults.push({ path: '/as', message: `names no write key in force: ${as}` });
  refuse(faults);
  return {
    choice: choiceOf(request),
    actor: actorOf(headers),
    reason,
    patch,
    as: key,
    isDryRun: dryRun,
    limit: limit ?? ids?.length ?? DEFAULT_LIMIT,
    after: cursor === undefined ? undefined : Number(cursor),
  };
}

/** Throws `invalid` with every fault. */
export function readDiscard(request: DiscardRequest, headers: IncomingHttpHeaders): WorkOrder {
  refuse(choiceFaults(request));
  return { choice: choiceOf(request), actor: actorOf(headers), reason: request.reason };
}

type Chosen = Pick<RedriveRequest, 'filter' | 'ids'>;

const choiceOf = ({ filter, ids }: Chosen): Choice => ({ filter, ids: ids && [...new Set(ids)], status: 'open' });

function choiceFaults({ filter, ids }: Chosen): Fault[] {
  if ((filter === undefined) !== (ids === undefined)) return [];
  return [{ path: '', message: 'must have either filter ({}: all that are open) or ids' }];
}

/** What no event may hold: it would be refused for it, or never be compared to its end. */
function valueFaults(patch: readonly PatchOperation[]): Fault[] {
  return patch.flatMap(({ value }, index) => {
    const fault = jsonFault(value);
    return fault === undefined ? [] : [{ path: `/patch/${index}/value${fault.path ?? ''}`, message: fault.detail }];
  });
}

const under =
  (path: string) =>
  (fault: Fault): Fault => ({ ...fault, path: path + fault.path });

async function findKey(db: Queryable, id: string): Promise<WriteKey | undefined> {
  return [...(await keysInForce(db)).values()].find((key) => key.id === id);
}

function refuse(faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  const list = faults.map(({ path, message }) => `${path === '' ? 'it' : path} ${message}`).join('; ');
  throw new DomainError('invalid', `The body is not valid: ${list}. Nothing was changed: correct it and send it again.`, { faults });
}
