/**
 * Cells: what is kept of a tile's values where a sum is not enough. A cell is JSON as it is; adding and merging are commutative and
 * associative, and a cell is a function of the values that went into it, whatever their order.
 */
import { addHash, emptyDistinct, mergeAllDistinct, type DistinctCell } from './distinct-sketch.ts';
import type { Scalar } from './feature-value.ts';
import { addBin, emptyQuantiles, mergeAllQuantiles, type QuantileCell } from './quantile-sketch.ts';

/** A value with its place in event time; of equal times the id decides, and of equal ids the value's text. */
export type Entry = readonly [time: number, id: string, value: Scalar];

export type Cell = number | null | readonly Entry[] | readonly Scalar[] | DistinctCell | QuantileCell;

/** When a value happened and which event says it. */
export interface EventPlace {
  readonly eventTime: number;
  readonly id: string;
}

export interface CellRule<C extends Cell = Cell> {
  /** Names the rule in what is stored, so that it is read back without its definition: `min`, `last 3`. */
  readonly code: string;
  readonly empty: C;
  readonly add: (cell: C, value: Scalar, place: EventPlace) => C;
  readonly merge: (cells: readonly C[]) => C;
}

function extremeRule(code: 'min' | 'max'): CellRule<number | null> {
  const choose = Math[code];
  const join = (a: number | null, b: number | null): number | null => {
    if (a === null || b === null) return a ?? b;
    return choose(a, b);
  };
  return { code, empty: null, add: (cell, value) => join(cell, value as number), merge: (cells) => cells.reduce(join, null) };
}

function compareEntries(a: Entry, b: Entry): number {
  return a[0] - b[0] || compareScalars(a[1], b[1]) || compareScalars(JSON.stringify(a[2]), JSON.stringify(b[2]));
}

/** Numbers by value, texts by code unit; of one type. */
export function compareScalars(a: Scalar, b: Scalar): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** The k that come first by `compare`. Of values that are equal each one counts. */
function keptRule<T>(code: string, k: number, compare: (a: T, b: T) => number, toItem: (value: Scalar, place: EventPlace) => T): CellRule {
  const merge = (cells: readonly (readonly T[])[]): readonly T[] => cells.flat().sort(compare).slice(0, k);
  const add = (cell: readonly T[], value: Scalar, place: EventPlace): readonly T[] => {
    const item = toItem(value, place);
    const last = cell.at(-1);
    return cell.length === k && last !== undefined && compare(item, last) >= 0 ? cell : merge([cell, [item]]);
  };
  return { code, empty: [], add, merge } as unknown as CellRule;
}

const toEntry = (value: Scalar, { eventTime, id }: EventPlace): Entry => [eventTime, id, value];

const DISTINCT: CellRule<DistinctCell> = {
  code: 'distinct',
  empty: emptyDistinct,
  add: (cell, hash) => addHash(cell, hash as number),
  merge: mergeAllDistinct,
};
const BINS: CellRule<QuantileCell> = {
  code: 'bins',
  empty: emptyQuantiles,
  add: (cell, bin) => addBin(cell, bin as number),
  merge: mergeAllQuantiles,
};

const rules = new Map<string, CellRule>();

/** The rule of a code, as `CellRule.code` says it. Throws a RangeError for another text. */
export function cellRule(code: string): CellRule {
  let rule = rules.get(code);
  if (rule === undefined) {
    rule = makeRule(code);
    rules.set(code, rule);
  }
  return rule;
}

function makeRule(code: string): CellRule {
  const [kind = '', count = '1'] = code.split(' ');
  const k = Number(count);
  switch (kind) {
    case 'min':
    case 'max':
      return extremeRule(kind) as unknown as CellRule;
    case 'first':
      return keptRule(code, k, compareEntries, toEntry);
    case 'last':
      return keptRule(code, k, (a: Entry, b: Entry) => compareEntries(b, a), toEntry);
    case 'top':
      return keptRule(
        code,
        k,
        (a: Scalar, b: Scalar) => compareScalars(b, a),
        (value) => value,
      );
    case 'distinct':
      return DISTINCT as unknown as CellRule;
    case 'bins':
      return BINS as unknown as CellRule;
    default:
      throw new RangeError(`"${code}" is no rule for cells: the state was written by a newer version, or it is damaged.`);
  }
}
