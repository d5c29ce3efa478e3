import { readCursor } from './cursor.ts';

/** A page of one service's list; `next`: the cursor of its next page, null at the end. */
export interface ServicePage<T> {
  readonly service: string;
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Where each service's list goes on: its own cursor, empty for its beginning. A service whose list has ended is not among them. */
export type Places = Readonly<Record<string, string>>;

export interface MergeBy<T> {
  /** Texts whose order is that of the items. */
  readonly orderOf: (item: T) => string;
  /** The service's cursor after the item. */
  readonly cursorAfter: (item: T) => string;
}

/**
 * The first `limit` items of several lists as one. Within a service its own order stays; among services the lesser head goes first. `from`:
 * where the pages began; a service of it without a page (it is away) keeps its place.
 */
export function mergePages<T>(
  pages: readonly ServicePage<T>[],
  { from, limit }: { readonly from: Places; readonly limit: number },
  { orderOf, cursorAfter }: MergeBy<T>,
): { readonly items: T[]; readonly places: Places } {
  const taken = new Map(pages.map(({ service }) => [service, 0]));
  const items: T[] = [];
  while (items.length < limit) {
    const heads = pages.flatMap(({ service, items: all }) => {
      const head = all[taken.get(service) ?? 0];
      return head === undefined ? [] : [{ service, head }];
    });
    const [first] = heads.sort((a, b) => compare(orderOf(a.head), orderOf(b.head)));
    if (first === undefined) break;
    items.push(first.head);
    taken.set(first.service, (taken.get(first.service) ?? 0) + 1);
  }
  const places = { ...from };
  for (const page of pages) {
    const place = placeAfter(page, taken.get(page.service) ?? 0, { from: from[page.service] ?? '', cursorAfter });
    if (place === null) delete places[page.service];
    else places[page.service] = place;
  }
  return { items, places };
}

/** Null: the list has ended. */
function placeAfter<T>(
  { items, next }: ServicePage<T>,
  taken: number,
  { from, cursorAfter }: { readonly from: string; readonly cursorAfter: (item: T) => string },
): string | null {
  const last = items[taken - 1];
  if (taken === items.length) return next;
  return last === undefined ? from : cursorAfter(last);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Where to go on: `cursor` of the answer before, or the beginning of all. */
export function readPlaces(cursor: string | undefined, services: readonly string[]): Places {
  if (cursor === undefined) return Object.fromEntries(services.map((name) => [name, '']));
  const places = readCursor(cursor, arePlaces);
  return Object.fromEntries(Object.entries(places).filter(([name]) => services.includes(name)));
}

const arePlaces = (value: unknown): value is Places =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((place) => typeof place === 'string');
