import { readCursor, writeCursor } from './cursor.ts';
import { mergePages, readPlaces, type Places, type ServicePage } from './merge-pages.ts';

interface Item {
  readonly service: string;
  readonly at: string;
  readonly n: number;
}

/** Lists of services, as they answer pages of them. */
const LISTS: Readonly<Record<string, readonly Item[]>> = {
  a: ['1', '3', '2', '9'].map((at, n) => ({ service: 'a', at, n })), // its own order is not that of the times
  b: ['2', '2', '4'].map((at, n) => ({ service: 'b', at, n })),
  c: [],
};
const by = { orderOf: ({ at }: Item) => at, cursorAfter: ({ n }: Item) => writeCursor(n + 1) };
const isNumber = (value: unknown): value is number => typeof value === 'number';

function pageOf(service: string, place: string, limit: number): ServicePage<Item> {
  const start = place === '' ? 0 : readCursor(place, isNumber);
  const items = (LISTS[service] ?? []).slice(start, start + limit);
  const isMore = start + limit < (LISTS[service] ?? []).length;
  return { service, items, next: isMore ? writeCursor(start + limit) : null };
}

function walk(limit: number, isAway: (service: string, page: number) => boolean = () => false): Item[] {
  const seen: Item[] = [];
  let places: Places = readPlaces(undefined, Object.keys(LISTS));
  for (let page = 0; Object.keys(places).length > 0 && page < 50; page += 1) {
    const asked = Object.entries(places).filter(([service]) => !isAway(service, page));
    const pages = asked.map(([service, place]) => pageOf(service, place, limit));
    const merged = mergePages(pages, { from: places, limit }, by);
    seen.push(...merged.items);
    places = readPlaces(writeCursor(merged.places), Object.keys(LISTS));
  }
  return seen;
}

test.each([1, 2, 3, 100])('page by page of %d, every item of every list comes once, each list in its own order', (limit) => {
  const seen = walk(limit);
  expect(seen).toHaveLength(7);
  for (const [service, list] of Object.entries(LISTS)) expect(seen.filter((item) => item.service === service)).toEqual(list);
});

test('among services the lesser goes first', () => {
  expect(walk(100).map(({ service, at }) => service + at)).toEqual(['a1', 'b2', 'b2', 'a3', 'a2', 'b4', 'a9']);
});

test('a service that is away for a page keeps its place', () => {
  const seen = walk(2, (service, page) => service === 'a' && page === 1);
  expect(seen.filter(({ service }) => service === 'a')).toEqual(LISTS['a']);
  expect(seen).toHaveLength(7);
});

test('a cursor that no list has made is refused', () => {
  for (const cursor of ['x', writeCursor([1]), writeCursor({ a: 1 }), writeCursor(null)]) {
    expect(() => readPlaces(cursor, ['a'])).toThrow('The cursor is none of this list');
  }
});
