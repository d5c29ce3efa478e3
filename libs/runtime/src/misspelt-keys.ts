import { isNear } from './nearest.ts';

/** Shorter names are near to other things: `HOST` to `HOSTS`. */
const LONG_KEY = 7;
/** Keys of other databases, one letter or two before `SQL_URL`: `MYSQL_URL`, `MSSQL_URL`, `PSQL_URL`. */
const OTHER_DATABASE = /^[A-Z]+SQL_/;

/** The known keys of which `key` is most likely a typing error: one letter too few, too many or another, or two neighbours swapped. */
export function meantBy(key: string, known: readonly string[]): string[] {
  if (OTHER_DATABASE.test(key)) return [];
  return known.filter((one) => one.length >= LONG_KEY && isNear(key, one));
}
