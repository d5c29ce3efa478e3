import { requireCount, StatisticsError } from '../errors.ts';
import { sizesOf, type Cells } from './cells.ts';

/** A category that was met `count` times, as from a GROUP BY. */
export interface CountedCategory {
  readonly value: string | null;
  readonly count: number;
}

/** One row of a categorical feature, or several alike. A missing category is null. */
export type CategoryObservation = string | null | CountedCategory;

/** What is kept of a categorical feature. Plain JSON; merged by addition, exactly. */
export interface CategoryProfile {
  readonly kind: 'categorical';
  readonly counts: Readonly<Record<string, number>>;
  /** Values whose category is not kept by name (see `keepCategories`). */
  readonly others: number;
  readonly nulls: number;
}

/** `Object.fromEntries`, so that a category may have any name, `__proto__` too. */
function profileOf(counts: ReadonlyMap<string, number>, others: number, nulls: number): CategoryProfile {
  return { kind: 'categorical', counts: Object.fromEntries(counts), others, nulls };
}

/** Counts rows by category. */
export function profileCategories(observations: Iterable<CategoryObservation>): CategoryProfile {
  const counts = new Map<string, number>();
  let nulls = 0;
  for (const observation of observations) {
    const { value, count } = typeof observation === 'object' && observation !== null ? observation : { value: observation, count: 1 };
    requireCount(count, `the count of the category ${value}`);
    if (value === null) nulls += count;
    else if (count > 0) counts.set(value, (counts.get(value) ?? 0) + count);
  }
  return profileOf(counts, 0, nulls);
}

/** The profile of two disjoint sets of rows together. */
export function mergeCategoryProfiles(a: CategoryProfile, b: CategoryProfile): CategoryProfile {
  const counts = new Map(Object.entries(a.counts));
  for (const [category, count] of Object.entries(b.counts)) counts.set(category, (counts.get(category) ?? 0) + count);
  return profileOf(counts, a.others + b.others, a.nulls + b.nulls);
}

/** Counts all but the named categories as `others`: bounds what a feature with ever new categories takes. */
export function keepCategories(profile: CategoryProfile, names: Iterable<string>): CategoryProfile {
  const kept = new Set(names);
  const entries = Object.entries(profile.counts);
  const others = entries.filter(([category]) => !kept.has(category)).reduce((sum, [, count]) => sum + count, profile.others);
  return profileOf(new Map(entries.filter(([category]) => kept.has(category))), others, profile.nulls);
}

/** A category that one side counts among its others cannot be compared by name, so the other side counts it there too. */
function aligned(profile: CategoryProfile, beside: CategoryProfile): CategoryProfile {
  return beside.others > 0 ? keepCategories(profile, Object.keys(beside.counts)) : profile;
}

/** The cells of two profiles and what each counts. */
interface AlignedCategories {
  readonly names: readonly string[];
  readonly cells: Cells;
}

function alignCategories(reference: CategoryProfile, current: CategoryProfile): AlignedCategories {
  const [before, after] = [aligned(reference, current), aligned(current, reference)];
  const [a, b] = [new Map(Object.entries(before.counts)), new Map(Object.entries(after.counts))];
  const rows = [...new Set([...a.keys(), ...b.keys()])]
    .map((name) => ({ name, a: a.get(name) ?? 0, b: b.get(name) ?? 0 }))
    .sort((x, y) => x.a + x.b - y.a - y.b || (x.name < y.name ? -1 : 1));
  const cells = { reference: [...rows.map((row) => row.a), before.others], current: [...rows.map((row) => row.b), after.others] };
  return { names: [...rows.map(({ name }) => name), 'all others'], cells };
}

/**
 * Both sides over the categories that either has met, those with fewest rows first (then by name), so that sparse ones are put
 * together with each other. The last cell is that of the others.
 */
export function categoryCells(reference: CategoryProfile, current: CategoryProfile): Cells {
  return alignCategories(reference, current).cells;
}

/** The number of values that are not null. Throws where a count is none. */
export function countValues({ counts, others }: CategoryProfile): number {
  const all = [...Object.entries(counts), ['of the others', others] as const];
  all.forEach(([category, count]) => requireCount(count, `the count of the category ${category}`));
  const total = all.reduce((sum, [, count]) => sum + count, 0);
  if (Number.isSafeInteger(total)) return total;
  throw new StatisticsError(
    'out-of-range',
    `The categories count ${total} values, which is more than can be counted exactly; judge a shorter time.`,
  );
}

/** A category's share of the values at training and in serving. */
export interface CategoryShares {
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

/** Of each category that either side has met; both sides have values. */
export function categoryShares(reference: CategoryProfile, current: CategoryProfile): CategoryShares[] {
  const { names, cells } = alignCategories(reference, current);
  const [n, m] = sizesOf(cells);
  return names.map((name, cell) => ({ name, before: (cells.reference[cell] ?? 0) / n, after: (cells.current[cell] ?? 0) / m }));
}
