/** What would become of refused events if they came now: with the declarations and the rights of this moment. Writes nothing. */
import type { Queryable, Sql } from '@roofshot/storage/sql';
import type { EventIntake } from '../event-intake.ts';
import type { RequestTrace } from '../event-record.ts';
import type { EventTypes } from '../event-types.ts';
import { NO_KEY } from '../ledger-store.ts';
import type { PreparedCandidate, PreparedEvent } from '../prepare-events.ts';
import { currentTrace } from '../request-trace.ts';
import { doorKey, type WriteKey } from '../write-keys/write-key.ts';
import { keysById } from '../write-keys/write-key-store.ts';
import type { QuarantineRow, WithOriginal } from './quarantine-store.ts';
import type { RedriveOrder } from './redrive-order.ts';
import { repairEvent, type Unrepaired } from './repair-event.ts';

export interface TrialNeeds {
  readonly sql: Sql;
  readonly types: EventTypes;
  readonly intake: EventIntake;
}

/** A refusal with what was found of it. */
export interface Tried {
  readonly row: QuarantineRow;
  readonly found: PreparedEvent | Unrepaired;
}

type Rows = readonly WithOriginal<Buffer>[];

/** `rows`: in their order, in which the answer is, too. */
export async function tryEvents(needs: TrialNeeds, rows: Rows, { patch, as }: Pick<RedriveOrder, 'patch' | 'as'>): Promise<Tried[]> {
  const groups = Map.groupBy(rows, ({ writeKey }) => writeKey);
  const keys = as === undefined ? await keysById(needs.sql, [...groups.keys()]) : new Map<string, WriteKey>();
  const tried: Tried[] = [];
  for (const [writeKey, group] of groups) {
    const key = as ?? rightsOf(writeKey, keys);
    tried.push(...(await tryGroup(needs, group, { patch, key })));
  }
  return tried.sort((a, b) => a.row.place - b.row.place);
}

interface Trial {
  readonly patch: RedriveOrder['patch'];
  readonly key: WriteKey | undefined;
}

async function tryGroup({ types, intake }: TrialNeeds, rows: Rows, { patch, key }: Trial): Promise<Tried[]> {
  const catalogue = await types.current();
  const repairs = rows.map(({ original, ...row }) => {
    const refusal = { ...row, original: original.toString('utf8') };
    return { row, repair: repairEvent(refusal, patch, (name) => catalogue.find(name)?.knownTimeAttribute) };
  });
  const trace = currentTrace();
  const events = repairs.flatMap(({ row, repair }) => ('value' in repair ? [{ ...repair, trace: traceOf(row, trace) }] : []));
  const prepared = (await intake.examine({ events, trace, key })).values();
  return repairs.map(({ row, repair }) => ({ row, found: 'value' in repair ? ownOf(prepared.next().value) : repair }));
}

/** It goes on under the correlation of the request by which it came first. */
const traceOf = ({ correlationId }: QuarantineRow, trace: RequestTrace): RequestTrace =>
  correlationId === '' ? trace : { ...trace, correlationid: correlationId };

function ownOf(prepared: PreparedEvent | undefined): PreparedEvent {
  if (prepared === undefined) throw new Error('Fewer events were prepared than were given.');
  return prepared;
}

/** A key that was revoked since said what its sender might send when the event came. */
function rightsOf(writeKey: string, keys: ReadonlyMap<string, WriteKey>): WriteKey | undefined {
  if (writeKey === NO_KEY) return undefined;
  // What is not among the keys, which are never deleted, stands for a door that asks for none. Nobody there has a right to import.
  return keys.get(writeKey) ?? doorKey(writeKey, `of the door ${writeKey}`, { mayImport: false });
}

/** Of these, the fingerprints (hexadecimal) of events that were accepted before. */
export async function findSeen(db: Queryable, candidates: readonly PreparedCandidate[]): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ mark: string }>(
    `SELECT encode(fingerprint, 'hex') AS mark FROM ingestion.seen WHERE fingerprint = ANY($1::bytea[])`,
    [candidates.map(({ fingerprint }) => fingerprint)],
  );
  return new Set(rows.map(({ mark }) => mark));
}
