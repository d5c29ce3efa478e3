/**
 * From events to verdicts. A request's events are checked, then recorded, published and counted in one transaction:
 * the answer, the log and the ledger can never disagree. Requests that arrive while a transaction runs share the next one.
 */
import { refusedEvents } from '@roofshot/contracts/events';
import type { EventResult } from '@roofshot/contracts/http/ingestion';
import type { OutgoingRecord } from '@roofshot/messaging/events';
import type { Tx } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import { checkEvent, namesOf, type Candidate, type Checked, type Refused } from './check-event.ts';
import type { EventTypes } from './event-types.ts';
import { progressRecord, recordOf, type RequestTrace, type SaidProgress } from './event-record.ts';
import { GroupCommit } from './group-commit.ts';
import { addToLedger, UNDECLARED } from './ledger-store.ts';
import { metrics } from './metrics.ts';
import { fingerprint, recordFirstSeen } from './seen-store.ts';
import { noVerdicts, refusedResult, type Refusal, type VerdictCounts } from './verdicts.ts';

/** One event as it came in: what it says, or why it could not be read. */
export type Incoming = { readonly value: unknown } | { readonly unreadable: Refusal; readonly original: string };

export interface Submission {
  readonly events: readonly Incoming[];
  readonly trace: RequestTrace;
  readonly progress?: SaidProgress;
}

interface Prepared {
  readonly checked: readonly Checked[];
  readonly originals: (index: number) => string;
  readonly trace: RequestTrace;
  readonly controls: readonly OutgoingRecord[];
}

export class EventIntake {
  readonly #types: EventTypes;
  readonly #clock: () => number;
  readonly #commits: GroupCommit<Prepared, EventResult[]>;
  readonly #shard: number;

  constructor(types: EventTypes, transactions: Transactions, options: { readonly clock: () => number; readonly shard: number }) {
    this.#types = types;
    this.#clock = options.clock;
    this.#shard = options.shard;
    this.#commits = new GroupCommit((group) => transactions.run((tx) => this.#write(tx, group)));
  }

  /** A verdict per event, in order; resolves when they are durable. A throw: nothing of the request was taken, send it again. */
  async submit(submission: Submission): Promise<EventResult[]> {
    const prepared = await this.#prepare(submission);
    const results = await this.#commits.submit(prepared, Math.max(1, submission.events.length));
    for (const { verdict } of results) metrics['events.received'](1, { verdict });
    return results;
  }

  async #prepare({ events, trace, progress }: Submission): Promise<Prepared> {
    const now = this.#clock();
    const catalogue = await this.#types.current();
    let checked = events.map((event) => checkIncoming(event, (value) => checkEvent(value, catalogue, now)));
    if (checked.some(isUndeclared)) {
      // Declared a moment ago, perhaps through another process.
      const reloaded = await this.#types.reload();
      checked = events.map((event) => checkIncoming(event, (value) => checkEvent(value, reloaded, now)));
    }
    const originals = (index: number): string => originalOf(events[index]);
    const controls = progress === undefined ? [] : await this.#controls(progress, now);
    return { checked, originals, trace, controls };
  }

  async #controls(progress: SaidProgress, now: number): Promise<OutgoingRecord[]> {
    const partitions = await this.#types.importerPartitions();
    return partitions.map(({ topic, partition }) => progressRecord(topic, partition, progress, now));
  }

  async #write(tx: Tx, group: readonly Prepared[]): Promise<EventResult[][]> {
    const candidates = group.flatMap(({ checked }) => checked.flatMap((one) => ('candidate' in one ? [one.candidate] : [])));
    const first = await recordFirstSeen(
      tx,
      candidates.map(({ envelope }) => fingerprint(envelope.source, envelope.id)),
    );
    const isFirst = new Map(candidates.map((candidate, index) => [candidate, first[index] === true]));
    const counts = new Map<string, VerdictCounts>();
    const results = group.map((prepared) => this.#settle(tx, prepared, isFirst, counts));
    await addToLedger(tx, this.#shard, counts);
    return results;
  }

  #settle(
    tx: Tx,
    { checked, originals, trace, controls }: Prepared,
    isFirst: ReadonlyMap<Candidate, boolean>,
    counts: Map<string, VerdictCounts>,
  ): EventResult[] {
    const records: OutgoingRecord[] = [];
    const results = checked.map((one, index): EventResult => {
      if ('refusal' in one) {
        publishRefused(tx, one, originals(index));
        return refusedResult(one.named.id, one.refusal);
      }
      const accepted = isFirst.get(one.candidate) === true;
      if (accepted) records.push(recordOf(one.candidate, trace));
      return { id: one.candidate.envelope.id, verdict: accepted ? 'accepted' : 'duplicate' };
    });
    tx.forward([...records, ...controls]);
    checked.forEach((one, index) => count(counts, typeOf(one), results[index]?.verdict ?? 'quarantined'));
    return results;
  }
}

function checkIncoming(event: Incoming, check: (value: unknown) => Checked): Checked {
  return 'value' in event ? check(event.value) : { refusal: event.unreadable, named: namesOf(undefined) };
}

const isUndeclared = (one: Checked): boolean => 'refusal' in one && one.refusal.reason === 'unknown-type';

function originalOf(event: Incoming | undefined): string {
  if (event === undefined) return '';
  return 'value' in event ? JSON.stringify(event.value) : event.original;
}

function publishRefused(tx: Tx, { refusal, named }: Refused, original: string): void {
  const { verdict, reason, detail, path, delaySeconds } = refusal;
  const data = {
    eventType: named.type,
    eventId: named.id,
    eventSource: named.source,
    reason,
    detail,
    ...(path !== undefined && { path }),
    original,
  };
  const subject = named.subject ?? (named.id === '' ? 'unreadable' : named.id);
  if (verdict === 'late') tx.publish(refusedEvents, [{ type: 'event.late', subject, data: { ...data, delaySeconds: delaySeconds ?? 0 } }]);
  else tx.publish(refusedEvents, [{ type: 'event.quarantined', subject, data }]);
}

function typeOf(one: Checked): string {
  if ('candidate' in one) return one.candidate.type.name;
  return ['schema', 'known-time', 'event-time', 'too-late'].includes(one.refusal.reason) ? one.named.type : UNDECLARED;
}

function count(counts: Map<string, VerdictCounts>, type: string, verdict: keyof VerdictCounts): void {
  const kept = counts.get(type) ?? noVerdicts();
  kept[verdict] += 1;
  counts.set(type, kept);
}
