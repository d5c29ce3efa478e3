/** What views say of entities, ready to be written: computed anew when the entity's row or the tile of time is another. */
import { OnlineRows } from '@roofshot/feature-defs/online-rows';
import { compileService, type ServicePlan } from '@roofshot/feature-defs/service-plan';
import { buildVector, type Status } from '@roofshot/feature-defs/vector';
import { tileAt, type ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { OnlineRow } from '@roofshot/storage/online-store';
import { NO_TIME, writeTime, writeValue } from './write-values.ts';

/** All features of a view for one entity at one moment. */
export interface WrittenValues {
  /** JSON, in the order of the view's names. */
  readonly values: readonly string[];
  readonly statuses: readonly Status[];
  readonly isAllPresent: boolean;
  /** JSON: the newest event. */
  readonly time: string;
}

interface Kept extends WrittenValues {
  readonly row: string;
  readonly tile: number;
}

/** Characters of rows that are kept, twice: a row of a busy entity has some thousand. */
const MOST_CHARACTERS = 16 * 1024 * 1024;
/** Milliseconds: what was not asked for again for so long, or twice so long, is forgotten. */
const LONGEST_KEPT = 60_000;

/**
 * Values move in steps of the view's tile and with the entity's row, which is read for every request: where both are the same, so are the
 * values, and reading the row's JSON again, which costs more than all else, is left out.
 */
export class ViewValues {
  readonly #plans = new WeakMap<ViewPlan, WholeView>();
  #young = new Map<string, Kept>();
  #old = new Map<string, Kept>();
  #characters = 0;
  #since = -Infinity;

  /** `row`: what the online store has of the entity; `now`: epoch milliseconds. */
  of(view: ViewPlan, entity: string, row: OnlineRow | undefined, now: number): WrittenValues {
    const whole = this.#wholeOf(view);
    if (typeof row?.value !== 'string') return whole.unseen;
    const name = `${view.stateKey} ${entity}`;
    const tile = tileAt(view, now);
    const kept = this.#young.get(name) ?? this.#old.get(name);
    if (kept !== undefined && kept.tile === tile && kept.row === row.value) return kept;
    const made: Kept = { ...writeAll(whole.plan, row, now), row: row.value, tile };
    this.#keep(name, made, now);
    return made;
  }

  #keep(name: string, made: Kept, now: number): void {
    if (this.#characters > MOST_CHARACTERS || now - this.#since > LONGEST_KEPT) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#characters = 0;
      this.#since = now;
    }
    this.#young.set(name, made);
    this.#characters += made.row.length;
  }

  #wholeOf(view: ViewPlan): WholeView {
    const known = this.#plans.get(view);
    if (known !== undefined) return known;
    const plan = planOf(view);
    const whole = { plan, unseen: writeAll(plan, undefined, 0) };
    this.#plans.set(view, whole);
    return whole;
  }
}

interface WholeView {
  readonly plan: ServicePlan;
  /** The same for everybody. */
  readonly unseen: WrittenValues;
}

/** A service of this view alone, with all of its features. */
function planOf(view: ViewPlan): ServicePlan {
  const { name, generation, entityKeys } = view;
  const keys = Object.fromEntries(entityKeys.map((key) => [key, key]));
  const spec = { entities: [...entityKeys], views: [{ role: 'view', view: name, keys }] };
  return compileService({ name, generation, spec }, new Map([[name, view]]));
}

function writeAll(plan: ServicePlan, row: OnlineRow | undefined, asOf: number): WrittenValues {
  const parts = row === undefined ? plan.entities.map(() => '') : (JSON.parse(row.entity) as string[]);
  const entities = Object.fromEntries(plan.entities.map((name, i) => [name, parts[i] ?? '']));
  const source = new OnlineRows(row === undefined ? [] : [row], [row]);
  const { values, statuses } = buildVector(plan, { entities, context: {}, asOf }, source);
  return {
    values: values.map((value, i) => writeValue(value, plan.columns[i]?.dtype === 'float')),
    statuses,
    isAllPresent: statuses.every((status) => status === 'PRESENT'),
    time: row === undefined ? NO_TIME : writeTime(row.eventTime),
  };
}
