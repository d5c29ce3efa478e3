/** Which configurations a job tries, in order. Pure: the same job gives the same list everywhere. */
import { TRAINING_DEFAULTS, type SearchSpec, type TrainingJobSpec } from '@roofshot/contracts/resources/training-job';
import { randomAt, shuffle } from './random.ts';

export type Params = Readonly<Record<string, string | number | boolean>>;
type Range = SearchSpec['space'][string];

/** Grids up to this size are listed; larger ones are drawn from, where a repeat is unlikely. */
const MAX_LISTED = 10_000;
/** A space of few whole numbers may hold fewer configurations than were asked for. */
const DRAWS_PER_TRIAL = 50;

/**
 * The parameters of each trial: first `start` as it is written, then the whole grid when all parameters are lists and their product
 * is not above what is left, else configurations drawn at random without replacement. Parameters of the job are under all of them.
 * Without a search: one trial. Fewer than `trials` when the space holds no more.
 */
export function planTrials({
  params = {},
  search,
  seed = TRAINING_DEFAULTS.seed,
}: Pick<TrainingJobSpec, 'params' | 'search' | 'seed'>): Params[] {
  if (search === undefined) return [params];
  const planned = new Map<string, Params>();
  const add = (choice: Params): void => {
    const merged = { ...params, ...choice };
    planned.set(keyOf(merged), merged);
  };
  for (const choice of search.start ?? []) add(choice);
  for (const choice of candidates(search, seed, search.trials - planned.size)) {
    if (planned.size >= search.trials) break;
    add(choice);
  }
  return [...planned.values()].slice(0, search.trials);
}

function* candidates({ space, trials }: SearchSpec, seed: number, left: number): Generator<Params> {
  const names = Object.keys(space).sort();
  const lists = names.map((name) => space[name]).filter((range) => Array.isArray(range));
  const size = lists.reduce((product, list) => product * list.length, 1);
  if (lists.length === names.length && size <= MAX_LISTED) {
    const all = grid(names, lists);
    yield* size <= left ? all : shuffle(all, seed);
    return;
  }
  for (let draw = 0; draw < trials * DRAWS_PER_TRIAL; draw += 1) {
    yield Object.fromEntries(names.map((name, index) => [name, pick(space[name] ?? [], randomAt(seed, draw * names.length + index))]));
  }
}

/** Every combination; the last parameter changes fastest. */
function grid(names: readonly string[], lists: readonly (readonly Params[string][])[]): Params[] {
  return names.reduce<Params[]>(
    (rows, name, index) => rows.flatMap((row) => (lists[index] ?? []).map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}

/** `u` in [0, 1) to a value of the range: uniform, or uniform in the logarithm. Whole numbers include both ends. */
function pick(range: Range, u: number): Params[string] {
  if (Array.isArray(range)) return range[Math.floor(u * range.length)] ?? 0;
  const { min, max, scale = TRAINING_DEFAULTS.scale, integer = false } = range;
  const top = integer ? max + 1 : max;
  const value = scale === 'log' ? Math.exp(Math.log(min) + u * (Math.log(top) - Math.log(min))) : min + u * (top - min);
  return integer ? Math.min(max, Math.floor(value)) : Number(value.toPrecision(6));
}

function keyOf(params: Params): string {
  return JSON.stringify(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)));
}
