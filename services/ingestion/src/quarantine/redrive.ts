/**
 * Refused events tried again. They are prepared as any event; what is accepted is published, counted and resolved in one transaction that
 * holds the refusals, so that two redrives, a crash or a repeat publish none twice and lose none.
 */
import type { RedriveAnswer, RedriveOutcome, RedriveResult } from '@roofshot/contracts/http/quarantine';
import type { Tx } from '@roofshot/messaging/handlers';
import type { Transactions } from '@roofshot/messaging/transactions';
import { problemOf } from '@roofshot/runtime/errors';
import { failureLevel } from '@roofshot/storage/failure-level';
import type { Sql } from '@roofshot/storage/sql';
import { storableText } from '@roofshot/storage/storable-text';
import type { Logger } from '@roofshot/telemetry/logger';
import type { EventIntake } from '../event-intake.ts';
import { REDRIVEN } from '../ledger-store.ts';
import { metrics } from '../metrics.ts';
import type { PreparedCandidate } from '../prepare-events.ts';
import { countVerdicts, refusedResult, VERDICTS } from '../verdicts.ts';
import { doorKey } from '../write-keys/write-key.ts';
import { auditWork } from './audit-work.ts';
import { hasRefusedAfter, holdOpen, readPortion, settleRedriven } from './quarantine-store.ts';
import type { RedriveOrder } from './redrive-order.ts';
import { findSeen, tryEvents, type TrialNeeds, type Tried } from './try-events.ts';

export interface RedriveNeeds extends TrialNeeds {
  readonly sql: Sql;
  readonly transactions: Transactions;
  readonly intake: EventIntake;
  readonly clock: () => number;
  readonly log: Logger;
}

/** Under which those are counted that leave by a redrive: they have been received once more. */
const REDRIVE_KEY = doorKey(REDRIVEN, 'of redrives', { mayImport: true });

/** In one transaction; its originals are in memory together. */
const PORTION = 200;
const PORTION_BYTES = 4 * 1024 * 1024;

/** Portion by portion, until the limit, the end, or the caller has gone. A throw: nothing at all was done. */
export async function redrive(needs: RedriveNeeds, order: RedriveOrder, signal: AbortSignal): Promise<RedriveAnswer> {
  await needs.types.reload(); // a declaration that another process has just taken counts
  const run = new RedriveRun(needs, order);
  let stopped: string | undefined;
  try {
    while (!signal.aborted && (await run.nextPortion())) continue;
  } catch (error) {
    if (!run.hasResults) throw error;
    needs.log[failureLevel(error)]('A redrive ended before all was tried; its caller was told.', { error });
    stopped = `${problemOf(error).detail} What has a result has it; go on with \`next\`, or send the same ids again.`;
  }
  return run.answer(stopped);
}

class RedriveRun {
  readonly #needs: RedriveNeeds;
  readonly #order: RedriveOrder;
  readonly #results: RedriveResult[] = [];
  /** What a dry run would have accepted before. */
  readonly #accepted = new Set<string>();
  #after: number | undefined;
  #hasMore = true;

  constructor(needs: RedriveNeeds, order: RedriveOrder) {
    this.#needs = needs;
    this.#order = order;
    this.#after = order.after;
  }

  get hasResults(): boolean {
    return this.#results.length > 0;
  }

  /** False: there is nothing left to do. */
  async nextPortion(): Promise<boolean> {
    const { choice, limit } = this.#order;
    const room = limit - this.#results.length;
    if (room <= 0) return false;
    const portion = { after: this.#after, limit: Math.min(PORTION, room), mostBytes: PORTION_BYTES };
    const rows = await readPortion(this.#needs.sql, choice, portion);
    const last = rows.at(-1);
    this.#hasMore = last !== undefined;
    if (last === undefined) return false;
    const tried = await tryEvents(this.#needs, rows, this.#order);
    this.#results.push(...(this.#order.isDryRun ? await this.#foresee(tried) : await this.#take(tried)));
    this.#after = last.place;
    return true;
  }

  async answer(stopped: string | undefined): Promise<RedriveAnswer> {
    const [results, { choice, isDryRun }] = [this.#results, this.#order];
    const told = { dryRun: isDryRun, ...countVerdicts(results), results };
    if (stopped !== undefined) return { ...told, notOpen: [], next: this.#next(), stopped };
    const done = new Set(results.map(({ id }) => id));
    const notOpen = (choice.ids ?? []).filter((id) => !done.has(id));
    return { ...told, notOpen, next: (await this.#isMore()) ? this.#next() : null };
  }

  #next(): string | null {
    return this.#after === undefined || this.#order.choice.ids !== undefined ? null : String(this.#after);
  }

  async #isMore(): Promise<boolean> {
    const { sql } = this.#needs;
    return this.#hasMore && this.#after !== undefined && hasRefusedAfter(sql, this.#order.choice, this.#after);
  }

  async #foresee(tried: readonly Tried[]): Promise<RedriveResult[]> {
    const seen = await findSeen(this.#needs.sql, candidatesOf(tried));
    return tried.map((one) => {
      if (!('candidate' in one.found)) return refusedOf(one);
      const mark = one.found.fingerprint.toString('hex');
      const isRepeat = seen.has(mark) || this.#accepted.has(mark);
      this.#accepted.add(mark);
      return { ...namesOf(one), verdict: isRepeat ? 'duplicate' : 'accepted' };
    });
  }

  async #take(tried: readonly Tried[]): Promise<RedriveResult[]> {
    const results = await this.#needs.transactions.run(async (tx) => {
      const open = await holdOpen(
        tx,
        tried.map(({ row }) => row.id),
      );
      const held = tried.filter(({ row }) => open.has(row.id));
      const verdicts = await this.#verdicts(tx, held);
      const outcomes = new Map(verdicts.map((result) => [result.id, this.#outcomeOf(result)]));
      await settleRedriven(tx, outcomes);
      if (verdicts.length > 0) auditWork(tx, 'redrive-events', this.#order, { ids: [...outcomes.keys()], counts: countVerdicts(verdicts) });
      return verdicts;
    });
    const counts = countVerdicts(results);
    for (const verdict of VERDICTS) if (counts[verdict] > 0) metrics['events.redriven'](counts[verdict], { verdict });
    return results;
  }

  async #verdicts(tx: Tx, held: readonly Tried[]): Promise<RedriveResult[]> {
    const candidates = candidatesOf(held);
    const taken = await this.#needs.intake.take(tx, candidates, REDRIVE_KEY);
    const verdicts = new Map(candidates.map((candidate, index) => [candidate, taken[index]?.verdict]));
    return held.map((one) => {
      if (!('candidate' in one.found)) return refusedOf(one);
      const verdict = verdicts.get(one.found);
      if (verdict === undefined) throw new Error('Fewer verdicts were given than there were events.');
      return { ...namesOf(one), verdict };
    });
  }

  #outcomeOf({ verdict, reason, detail, path }: RedriveResult): RedriveOutcome {
    const at = new Date(this.#needs.clock()).toISOString();
    const told = Object.entries({ reason, detail, path }).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, storableText(text).toWellFormed()]],
    );
    return { at, by: this.#order.actor, verdict, ...(Object.fromEntries(told) as Partial<RedriveOutcome>) };
  }
}

const candidatesOf = (tried: readonly Tried[]): PreparedCandidate[] => tried.flatMap(({ found }) => ('candidate' in found ? [found] : []));

const namesOf = ({ row: { id, eventId, eventType } }: Tried): Pick<RedriveResult, 'id' | 'eventId' | 'eventType'> => ({
  id,
  eventId,
  eventType,
});

/** What could not be tried is what it was. */
function refusedOf(one: Tried): RedriveResult {
  const { found, row } = one;
  if ('refusal' in found) return { ...namesOf(one), ...refusedResult(row.eventId, found.refusal), id: row.id };
  if ('candidate' in found) throw new Error('An event that was accepted has no refusal.');
  return { ...namesOf(one), verdict: row.verdict, ...found };
}
