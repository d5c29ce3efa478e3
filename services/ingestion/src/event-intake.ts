/**
 * From events to verdicts. A request's events are checked, then recorded, published and counted in one transaction:
 * the answer, the log and the ledger can never disagree. Requests that arrive while a transaction runs share the next one.
 */
import type { EventResult } from '@roofshot/contracts/http/ingestion';
import type { OutgoingRecord, Oversize } from '@roofshot/messaging/events';
import type { Tx } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import { fenceRecords, progressRecord, stampRecord, timeText, type RequestTrace, type SaidProgress } from './event-record.ts';
import type { EventTypes } from './event-types.ts';
import { GroupCommit } from './group-commit.ts';
import { addToLedger, NO_KEY, UNDECLARED, type LedgerEntry } from './ledger-store.ts';
import { metrics } from './metrics.ts';
import { fitToLog } from './fit-to-log.ts';
import { keepRefused } from './quarantine/keep-refused.ts';
import { isUndeclared, originalOf, prepareEvents, type Incoming, type PreparedCandidate, type PreparedEvent } from './prepare-events.ts';
import { recordFirstSeen } from './seen-store.ts';
import { stampStreams } from './stream-clock.ts';
import { quotaSpent, spendQuotas } from './write-keys/daily-quota.ts';
import type { WaitingLine } from './waiting-line.ts';
import type { WriteKey } from './write-keys/write-key.ts';
import { countVerdicts, noVerdicts, refusedResult, VERDICTS } from './verdicts.ts';

export interface Submission {
  readonly events: readonly Incoming[];
  readonly trace: RequestTrace;
  readonly progress?: SaidProgress;
  /** Whose they are; undefined where keys are optional and the request has none. */
  readonly key?: WriteKey | undefined;
}

interface Prepared {
  readonly events: readonly PreparedEvent[];
  readonly controls: readonly OutgoingRecord[];
  readonly key: WriteKey | undefined;
}

/** Verdicts, or nothing at all because the key's quota is spent. */
type Taken = EventResult[] | 'quota-spent';

/** The candidates that no other had been before. */
type Fresh = ReadonlySet<PreparedCandidate>;

export interface IntakeOptions {
  readonly clock: () => number;
  /** Of the ledger. */
  readonly shard: number;
  readonly line: WaitingLine;
}

export class EventIntake {
  readonly #types: EventTypes;
  readonly #clock: () => number;
  readonly #commits: GroupCommit<Prepared, Taken>;
  readonly #shard: number;
  readonly #line: WaitingLine;

  constructor(types: EventTypes, transactions: Transactions, options: IntakeOptions) {
    this.#types = types;
    this.#clock = options.clock;
    this.#shard = options.shard;
    this.#line = options.line;
    this.#commits = new GroupCommit((group) => transactions.run((tx) => this.#write(tx, group)));
  }

  /**
   * A verdict per event, in order; resolves when they are durable. A throw: nothing of the request was taken, send it again
   * (`too-many-requests`: later, the key's quota is spent).
   */
  async submit(submission: Submission): Promise<EventResult[]> {
    return this.#line.during(submission.events.length, async () => {
      const commit = await this.ready(submission);
      return commit();
    });
  }

  /** As `submit`, in two steps, for a door that reads on while the events before are committed. */
  async ready(submission: Submission): Promise<() => Promise<EventResult[]>> {
    const prepared = await this.#prepare(submission);
    return async () => {
      const results = await this.#commits.submit(prepared, Math.max(1, submission.events.length));
      if (results === 'quota-spent') throw spentQuotaOf(submission.key, this.#clock());
      this.tell(results);
      return results;
    };
  }

  /** For a door that has a transaction of its own: what is left to do in it. Once that has committed, the verdicts are to be told. */
  async prepare(submission: Submission): Promise<(tx: Tx) => Promise<EventResult[]>> {
    const prepared = await this.#prepare(submission);
    return async (tx) => {
      const [results] = await this.#write(tx, [prepared]);
      if (results === 'quota-spent') throw spentQuotaOf(submission.key, this.#clock());
      return results ?? [];
    };
  }

  /** What `submit` would find of them; writes nothing, and does not look whether they are repeats. */
  async examine(submission: Submission): Promise<readonly PreparedEvent[]> {
    return (await this.#prepare(submission)).events;
  }

  /** Of events that were examined, those that are to be taken, in the caller's transaction. Counts them for the key. */
  async take(tx: Tx, events: readonly PreparedCandidate[], key: WriteKey): Promise<EventResult[]> {
    const [results] = await this.#write(tx, [{ events, controls: [], key }]);
    if (results === 'quota-spent') throw spentQuotaOf(key, this.#clock());
    return results ?? [];
  }

  /** Counts verdicts that are durable. */
  tell(results: readonly EventResult[]): void {
    const counts = countVerdicts(results);
    for (const verdict of VERDICTS) if (counts[verdict] > 0) metrics['events.received'](counts[verdict], { verdict });
  }

  async #prepare({ events, trace, progress, key }: Submission): Promise<Prepared> {
    const now = this.#clock();
    let prepared = await prepareEvents(events, { catalogue: await this.#types.current(), now, trace, key });
    // Declared a moment ago, perhaps through another process.
    if (prepared.some(isUndeclared)) prepared = await prepareEvents(events, { catalogue: await this.#types.reload(), now, trace, key });
    const oversizes = await this.#types.oversizeOf(prepared.map(({ record }) => record));
    const fitting = prepared.map((one, index) => fitted(one, oversizes[index], { event: events[index], now, trace }));
    const controls = progress === undefined ? [] : await this.#controls(progress, now);
    return { events: fitting, controls, key };
  }

  async #controls(progress: SaidProgress, now: number): Promise<OutgoingRecord[]> {
    const partitions = await this.#types.importerPartitions();
    return partitions.map((partition) => progressRecord(partition, progress, now));
  }

  async #write(tx: Tx, group: readonly Prepared[]): Promise<Taken[]> {
    const spent = await spendQuotas(
      tx,
      group.map(({ key, events }) => ({ key, events: events.length })),
      this.#clock(),
    );
    const taken = group.filter((_, index) => spent[index] !== true);
    const fresh = await firstSeen(tx, taken);
    const results = taken.map(({ events }) => events.map((one) => resultOf(one, fresh)));
    await addToLedger(tx, this.#shard, countByType(taken, results));
    await keepRefused(tx, taken);
    await this.#publish(tx, taken, fresh);
    const verdicts = new Map(taken.map((one, index) => [one, results[index] ?? []]));
    return group.map((one) => verdicts.get(one) ?? 'quota-spent');
  }

  /** Last, because the stamped streams are held from then until the commit. */
  async #publish(tx: Tx, group: readonly Prepared[], fresh: Fresh): Promise<void> {
    const live = [...new Set([...fresh].flatMap(({ candidate }) => (candidate.knownTime === undefined ? [candidate.topic] : [])))].sort();
    const partitions = await Promise.all(live.map((topic) => this.#types.partitionsOf(topic)));
    const stamps = await stampStreams(tx, live);
    const times = new Map([...stamps.values()].map(({ topic, known }) => [topic, timeText(known)]));
    for (const { events, controls } of group) tx.forward([...events.flatMap((one) => recordsOf(one, fresh, times)), ...controls]);
    live.forEach((topic, index) => {
      const stamp = stamps.get(topic);
      if (stamp?.isFence === true) tx.forward(fenceRecords(partitions[index] ?? [], stamp.known));
    });
  }
}

function fitted(
  one: PreparedEvent,
  oversize: Oversize | undefined,
  { event, ...said }: { event: Incoming | undefined; now: number; trace: RequestTrace },
): PreparedEvent {
  if (oversize === undefined || event === undefined) return one;
  return fitToLog(one, oversize, { ...said, trace: event.trace ?? said.trace, original: originalOf(event) });
}

async function firstSeen(tx: Tx, group: readonly Prepared[]): Promise<Fresh> {
  const candidates = group.flatMap(({ events }) => events.flatMap((one) => ('candidate' in one ? [one] : [])));
  const isFirst = await recordFirstSeen(
    tx,
    candidates.map(({ fingerprint }) => fingerprint),
  );
  return new Set(candidates.filter((_, index) => isFirst[index] === true));
}

function resultOf(one: PreparedEvent, fresh: Fresh): EventResult {
  if ('refusal' in one) return refusedResult(one.named.id, one.refusal);
  return { id: one.candidate.envelope.id, verdict: fresh.has(one) ? 'accepted' : 'duplicate' };
}

/** `times`: the stamps, by topic. */
function recordsOf(one: PreparedEvent, fresh: Fresh, times: ReadonlyMap<string, string>): OutgoingRecord[] {
  if ('refusal' in one) return [one.record];
  if (!fresh.has(one)) return [];
  if (one.candidate.knownTime !== undefined) return [one.record];
  const time = times.get(one.candidate.topic);
  if (time === undefined)
    throw new Error(`The stream ${one.candidate.topic} has no clock: look for a trigger or rule on ingestion.streams.`);
  return [stampRecord(one.record, time)];
}

function countByType(group: readonly Prepared[], results: readonly EventResult[][]): LedgerEntry[] {
  const entries = new Map<string, LedgerEntry>();
  group.forEach(({ events, key }, at) =>
    events.forEach((one, index) => {
      const [type, writeKey] = [typeOf(one), key?.id ?? NO_KEY];
      const entry = entries.get(`${writeKey} ${type}`) ?? { type, writeKey, counts: noVerdicts() };
      entry.counts[results[at]?.[index]?.verdict ?? 'quarantined'] += 1;
      entries.set(`${writeKey} ${type}`, entry);
    }),
  );
  return [...entries.values()];
}

function typeOf(one: PreparedEvent): string {
  if ('candidate' in one) return one.candidate.type.name;
  return one.declared ?? UNDECLARED;
}

function spentQuotaOf(key: WriteKey | undefined, now: number): Error {
  return key === undefined ? new Error('A quota was spent that nobody has.') : quotaSpent(key, now);
}
