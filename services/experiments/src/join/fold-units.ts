/** Facts of one batch into the rows of their units and the sums that those units count for, in the batch's transaction. */
import type { Queryable } from '@roofshot/storage/sql';
import { addDeltas } from '../sums/sums-store.ts';
import { Deltas, type Entry } from '../sums/series.ts';
import type { UnitFact } from './collect-facts.ts';
import { countedFor } from './count-unit.ts';
import type { Scope } from './scope.ts';
import { learn, NOTHING, type UnitState } from './unit-state.ts';
import { lockUnits, writeUnits, type UnitRow, type WrittenUnit } from './unit-store.ts';

interface Told {
  readonly scope: Scope;
  readonly unit: string;
  readonly facts: UnitFact['fact'][];
}

/** `shard`: the task that reads the batch. Answers how many units came to count for something else than before. */
export async function foldUnits(tx: Queryable, shard: string, facts: readonly UnitFact[]): Promise<number> {
  const told = groupByUnit(facts);
  if (told.size === 0) return 0;
  const rows = await lockUnits(
    tx,
    [...told.values()].map(({ scope, unit }) => ({ scope: scope.id, unit })),
  );
  const deltas = new Deltas();
  const written = rows.flatMap((row) => settleUnit(row, told.get(keyOf(row.scope, row.unit)), deltas) ?? []);
  await writeUnits(tx, written);
  await addDeltas(tx, shard, deltas.list());
  return written.length;
}

const keyOf = (scope: number, unit: string): string => `${scope} ${unit}`;

function groupByUnit(facts: readonly UnitFact[]): Map<string, Told> {
  const told = new Map<string, Told>();
  for (const { scope, unit, fact } of facts) {
    const key = keyOf(scope.id, unit);
    const known = told.get(key);
    if (known === undefined) told.set(key, { scope, unit, facts: [fact] });
    else known.facts.push(fact);
  }
  return told;
}

/** Undefined where nothing changes. */
function settleUnit(row: UnitRow, told: Told | undefined, deltas: Deltas): WrittenUnit | undefined {
  if (told === undefined) return undefined;
  const { scope, facts } = told;
  const before = row.state === null ? NOTHING : (JSON.parse(row.state) as UnitState);
  const { state, entries } = countedFor(scope, facts.reduce(learn, before));
  if (!areEqual(before.counted, entries)) {
    for (const entry of before.counted) deltas.count(scope.id, scope.spec.tiling, entry, -1);
    for (const entry of entries) deltas.count(scope.id, scope.spec.tiling, entry, 1);
  }
  const text = JSON.stringify({ ...state, counted: entries });
  if (text === row.state) return undefined;
  return { scope: row.scope, unit: row.unit, state: text, lastAt: latest(facts), isExposed: state.exposure !== undefined };
}

function areEqual(a: readonly Entry[], b: readonly Entry[]): boolean {
  return a.length === b.length && a.every(({ s, at, y, x }, i) => s === b[i]?.s && at === b[i].at && y === b[i].y && x === b[i].x);
}

const latest = (facts: readonly UnitFact['fact'][]): number => facts.reduce((time, { at }) => Math.max(time, at), 0);
