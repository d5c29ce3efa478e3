import { DomainError } from './errors.ts';

/** Where a page of a list ends, as text that callers hand back as it is. */
export function writeCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** A page of the rows that were found where one more than `limit` was asked for; `next` is null at the end of the list. */
export function cutPage<T>(
  rows: readonly T[],
  limit: number,
  cursorAfter: (last: T) => string,
): { readonly page: readonly T[]; readonly next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { page, next: rows.length > limit && last !== undefined ? cursorAfter(last) : null };
}

/** Reads it back. Throws `invalid` for what `writeCursor` has not made for such a list. */
export function readCursor<T>(cursor: string, isPlace: (value: unknown) => value is T): T {
  const place = parsed(cursor);
  if (isPlace(place)) return place;
  throw new DomainError('invalid', 'The cursor is none of this list. Take `next` of the page before, or leave it out to begin anew.', {
    faults: [{ path: '/query/cursor', message: 'must be `next` of the page before' }],
  });
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
