import { messageOf, sentenceOf } from './error-code.ts';
import { describeSqlFailure, isLostConnection, LostConnection, ServerRefusal, sqlState } from './sql-errors.ts';
import { describeUrl, parseSqlUrl } from './url.ts';

/** Nothing came back in time, as pg and its pool say it. */
const TIMED_OUT = /timeout exceeded when trying to connect|Connection terminated due to connection timeout/i;

/** Why a first connection could not be made: nobody answers, PostgreSQL refuses what the URL says (with the remedy), or as `describeSqlFailure` tells it. */
export function describeConnectFailure(error: unknown, url: string): Error {
  const where = describeUrl(url);
  const reason = messageOf(error);
  if (error instanceof ServerRefusal) return error;
  if (TIMED_OUT.test(reason)) return noAnswer(where, 'nothing came in time', error);
  if (isLostConnection(error)) return noAnswer(where, reason, error);
  const remedy = REMEDIES.get(sqlState(error) ?? '') ?? (/does not support SSL/.test(reason) ? NO_TLS : undefined);
  if (remedy === undefined) return describeSqlFailure(error, where);
  return new ServerRefusal(`PostgreSQL at ${where} lets nobody in as this URL says: ${sentenceOf(error)} ${remedy(userOf(url))}`, {
    cause: error,
  });
}

/** There was no connection yet that could be lost, nor any work. */
function noAnswer(where: string, reason: string, cause: unknown): LostConnection {
  const remedy = 'Start it, or correct the URL.';
  const server = `PostgreSQL at ${where}`;
  return new LostConnection(`No PostgreSQL answers at ${where}: ${sentenceOf(reason)} ${remedy}`, 'not applied', { cause, server }, remedy);
}

/** The user of a PostgreSQL URL, for errors; who it is where none is named is decided by the system. */
export function userOf(url: string): string {
  return decodeURIComponent(parseSqlUrl(url)?.username ?? '') || 'of this process';
}

const NO_TLS = (): string => 'Leave sslmode out of the URL, or set up TLS in PostgreSQL.';
const WRONG_LOGIN = (user: string): string => `Correct the user "${user}" or its password in the URL, percent-encoded.`;

/** By SQLSTATE. */
const REMEDIES: ReadonlyMap<string, (user: string) => string> = new Map([
  ['28P01', WRONG_LOGIN],
  [
    '28000',
    (user: string) => `Let the user "${user}" in by pg_hba.conf, with TLS where that asks for it (sslmode=require), or correct the URL.`,
  ],
  ['3D000', () => 'Create it (CREATE DATABASE …), or correct the name at the end of the URL.'],
  ['42501', (user: string) => `Let the user in: GRANT CONNECT ON DATABASE … TO "${user}".`],
]);
