import type { Addend } from '@roofshot/feature-defs/measures';
import type { Contribution, ViewPlan } from '@roofshot/feature-defs/view-plan';

/** No number: addends are finite, so this cannot be one. */
const NONE = NaN;
const FIRST_CAPACITY = 1_024;

/** What the events of one view add, packed into typed arrays: millions of them fit into memory. */
export class Contributions {
  readonly #width: number;
  readonly #needsIds: boolean;
  readonly #ids: string[] = [];
  /** Addends that are no numbers, by their place. */
  readonly #others = new Map<number, Addend>();
  readonly #entities: string[] = [];
  readonly #places = new Map<string, number>();
  #entity = new Int32Array(FIRST_CAPACITY);
  /** Per contribution: event time, known time, tile, then the addends. */
  #numbers: Float64Array;
  #count = 0;

  constructor({ measures }: Pick<ViewPlan, 'measures'>) {
    this.#width = 3 + measures.length;
    this.#needsIds = measures.some(({ layout }) => typeof layout === 'object' && /^(first|last) /.test(layout?.cells ?? ''));
    this.#numbers = new Float64Array(FIRST_CAPACITY * this.#width);
  }

  get count(): number {
    return this.#count;
  }

  add({ entity, tile, eventTime, knownTime, id, addends }: Contribution): void {
    if (this.#count === this.#entity.length) this.#grow();
    this.#entity[this.#count] = this.#placeOf(entity);
    const at = this.#count * this.#width;
    this.#numbers[at] = eventTime;
    this.#numbers[at + 1] = knownTime;
    this.#numbers[at + 2] = tile;
    addends.forEach((addend, i) => this.#set(at + 3 + i, addend));
    if (this.#needsIds) this.#ids.push(id);
    this.#count += 1;
  }

  #set(place: number, addend: Addend): void {
    this.#numbers[place] = typeof addend === 'number' ? addend : NONE;
    if (addend !== null && typeof addend !== 'number') this.#others.set(place, addend);
  }

  #get(place: number): Addend {
    const number = this.#numbers[place] ?? NONE;
    return Number.isNaN(number) ? (this.#others.get(place) ?? null) : number;
  }

  /** Their numbers in the order in which they became known. */
  inKnownOrder(): Int32Array {
    const order = Int32Array.from({ length: this.#count }, (_, i) => i);
    return order.sort((a, b) => this.knownTime(a) - this.knownTime(b) || a - b);
  }

  knownTime(index: number): number {
    return this.#numbers[index * this.#width + 1] ?? NONE;
  }

  at(index: number): Contribution {
    const start = index * this.#width;
    const [eventTime = NONE, knownTime = NONE, tile = NONE] = this.#numbers.subarray(start, start + 3);
    const addends = Array.from({ length: this.#width - 3 }, (_, i) => this.#get(start + 3 + i));
    const entity = this.#entities[this.#entity[index] ?? -1] ?? '';
    return { entity, eventTime, knownTime, tile, id: this.#ids[index] ?? '', addends };
  }

  #placeOf(entity: string): number {
    const known = this.#places.get(entity);
    if (known !== undefined) return known;
    this.#places.set(entity, this.#entities.length);
    return this.#entities.push(entity) - 1;
  }

  #grow(): void {
    const entity = new Int32Array(this.#entity.length * 2);
    entity.set(this.#entity);
    this.#entity = entity;
    const numbers = new Float64Array(this.#numbers.length * 2);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
  }
}
