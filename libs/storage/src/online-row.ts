import type { OnlineKey, OnlineRow } from './online-store.ts';

/** Where a store's mark lies; no view has an empty name. */
export const MARK: OnlineKey = { view: '', entity: '#mark' };

/** Where a look may write: no view has an empty name. */
export const NOBODYS: OnlineKey = { view: '', entity: 'opened' };

/** All marks are of the same age, so the first stays. */
export function markRow(mark: string): OnlineRow {
  return { ...MARK, eventTime: 0, knownTime: 0, version: 0, value: JSON.stringify(mark) };
}

/** Negative, zero or positive as `left` is older than, equal to or newer than `right`: the one comparison of all adapters. */
export function compareAge(left: OnlineRow, right: OnlineRow): number {
  return left.eventTime - right.eventTime || left.knownTime - right.knownTime || left.version - right.version;
}

/** The newest row of each key, sorted by key, so that writers who share keys lock them in one order. Throws a RangeError for a faulty row. */
export function newestPerKey(rows: readonly OnlineRow[]): OnlineRow[] {
  const newest = new Map<string, OnlineRow>();
  for (const row of rows) {
    checkRow(row);
    const key = `${row.view}\0${row.entity}`;
    const other = newest.get(key);
    if (other === undefined || compareAge(row, other) > 0) newest.set(key, row);
  }
  return [...newest].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row);
}

function checkRow(row: OnlineRow): void {
  checkKey(row);
  for (const field of ['eventTime', 'knownTime', 'version'] as const) {
    if (!Number.isSafeInteger(row[field])) {
      throw new RangeError(
        `The row of ${row.view}/${row.entity} has ${field} ${row[field]}: it must be a whole number. Nothing was stored.`,
      );
    }
  }
}

/** NUL has no place in PostgreSQL's text, and half a surrogate pair would be replaced, so that two keys could become one. */
function checkKey({ view, entity }: OnlineKey): void {
  if (/\0/.test(view + entity) || !view.isWellFormed() || !entity.isWellFormed()) {
    throw new RangeError(
      `The key ${JSON.stringify([view, entity])} holds a NUL or half a surrogate pair and cannot be stored. Nothing was stored.`,
    );
  }
}
