/** What two shapes have in common. Where that would take long to tell, one of them is the answer: it is wider, and never wrong. */
import {
  ANYTHING,
  fieldShape,
  holds,
  isAnything,
  isNothing,
  itemShape,
  NOTHING,
  unionOf,
  type Alternative,
  type Field,
  type Fields,
  type List,
  type Shape,
} from './shape.ts';

/** What a name stands for; undefined while that is being read. */
export type Expand = (path: string) => Shape | undefined;

/** Combinations that are looked at for one type: far beyond what people write. */
const MAX_STEPS = 2_000;
/** Of lists and objects in a pair of unions; literals cost nothing. */
const MAX_PAIRS = 64;
const MAX_LITERALS = 100_000;
const MAX_DEPTH = 12;

export class Meeting {
  readonly #expand: Expand;
  #steps = 0;
  #depth = 0;

  constructor(expand: Expand) {
    this.#expand = expand;
  }

  all(shapes: readonly Shape[]): Shape {
    return shapes.reduce((met, shape) => this.of(met, shape), ANYTHING);
  }

  of(left: Shape, right: Shape): Shape {
    if (isAnything(left)) return right;
    if (isAnything(right) || isSameName(left, right)) return left;
    this.#steps += 1;
    const [one, other] = [this.#opened(left), this.#opened(right)];
    if (one === undefined || other === undefined) return one === undefined ? right : left;
    if (this.#steps > MAX_STEPS || this.#depth >= MAX_DEPTH || isLarge(one, other)) return left;
    this.#depth += 1;
    const met = unionOf(one.flatMap((a) => other.map((b) => this.#both(a, b))));
    this.#depth -= 1;
    return met;
  }

  /** Without names at its top; undefined where one is being read. */
  #opened(shape: Shape): Shape | undefined {
    const parts = shape.map((one) => (one.kind === 'named' ? this.#expand(one.path) : [one]));
    return parts.every((part) => part !== undefined) ? unionOf(parts) : undefined;
  }

  #both(one: Alternative, other: Alternative): Shape {
    if (one.kind === 'anything') return [other];
    if (other.kind === 'anything') return [one];
    if (one.kind === 'named' || other.kind === 'named') return this.of([one], [other]);
    if (one.kind === 'list' && other.kind === 'list') return this.#bothLists(one, other);
    if (one.kind === 'fields' && other.kind === 'fields') return this.#bothFields(one, other);
    return bothScalars(one, other);
  }

  #bothLists(one: List, other: List): Shape {
    const atLeast = Math.max(one.atLeast, other.atLeast);
    const length = Math.max(one.first.length, other.first.length);
    const first = Array.from({ length }, (_, index) => this.of(itemShape(one, index), itemShape(other, index)));
    if (first.slice(0, atLeast).some(isNothing)) return NOTHING;
    return [{ kind: 'list', first, rest: this.of(one.rest, other.rest), atLeast }];
  }

  #bothFields(one: Fields, other: Fields): Shape {
    const fields = new Map<string, Field>();
    for (const name of new Set([...one.fields.keys(), ...other.fields.keys()])) {
      const [a, b] = [one.fields.get(name), other.fields.get(name)];
      fields.set(name, {
        shape: this.of(fieldShape(one, name), fieldShape(other, name)),
        isRequired: a?.isRequired === true || b?.isRequired === true,
        notes: [...new Set([...(a?.notes ?? []), ...(b?.notes ?? [])])],
      });
    }
    if ([...fields.values()].some(({ shape, isRequired }) => isRequired && isNothing(shape))) return NOTHING;
    return [{ kind: 'fields', fields, others: this.of(one.others, other.others) }];
  }
}

function isLarge(one: Shape, other: Shape): boolean {
  const parts = (shape: Shape): number => shape.filter(({ kind }) => kind === 'list' || kind === 'fields').length;
  return parts(one) * parts(other) > MAX_PAIRS || one.length * other.length > MAX_LITERALS;
}

function isSameName([one, ...more]: Shape, [other, ...others]: Shape): boolean {
  if (more.length > 0 || others.length > 0) return false;
  return one?.kind === 'named' && other?.kind === 'named' && one.path === other.path;
}

function bothScalars(one: Alternative, other: Alternative): Shape {
  if (one.kind === 'literal' && other.kind === 'literal') return one.value === other.value ? [one] : NOTHING;
  if (one.kind === 'scalar' && other.kind === 'literal') return holds(one, other) ? [other] : NOTHING;
  if (one.kind === 'literal' && other.kind === 'scalar') return holds(other, one) ? [one] : NOTHING;
  if (one.kind !== 'scalar' || other.kind !== 'scalar') return NOTHING;
  if (one.type === other.type) return [one];
  const types = [one.type, other.type];
  return types.includes('integer') && types.includes('number') ? [{ kind: 'scalar', type: 'integer' }] : NOTHING;
}
