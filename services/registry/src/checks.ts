import type { Check } from './version-store.ts';

/** A file's names may be as long as the file: what is told of them is kept in a row and said in an event. */
const LONGEST_DETAIL = 1_000;

/** The checks of an admission, in order. */
export class Checks {
  readonly #list: Check[] = [];

  get list(): readonly Check[] {
    return this.#list;
  }

  /** Answers whether it passed. */
  add(name: string, passed: boolean, detail: string): boolean {
    this.#list.push({ name, passed, detail: shorten(detail) });
    return passed;
  }
}

/** Text that PostgreSQL can keep, with both ends: the beginning says what was found, the end what to do. */
export function shorten(detail: string): string {
  const whole = detail.toWellFormed().replaceAll('\0', '\uFFFD');
  if (whole.length <= LONGEST_DETAIL) return whole;
  const half = LONGEST_DETAIL / 2;
  return `${whole.slice(0, half)} … ${whole.slice(-half)}`.toWellFormed();
}
