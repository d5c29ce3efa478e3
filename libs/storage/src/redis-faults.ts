import { messageOf, sentenceOf } from './error-code.ts';
import { cannotStore, isLostConnection, LostConnection, lostServer, OutOfRoom, ServerRefusal } from './sql-errors.ts';

/** What ioredis and Node call a server that does not answer, and Redis one that will work again by itself. */
const AWAY =
  /^(MaxRetriesPerRequestError|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE|LOADING|BUSY|MASTERDOWN|Command timed out|Connection is closed\.|connect ETIMEDOUT)/;
const NO_MEMORY = /^OOM /;
/** It cannot write its own files. */
const NO_DISK = /^MISCONF /;
const REPLICA = /^READONLY /;
const NO_LOGIN = /^(NOAUTH|WRONGPASS|ERR AUTH|ERR invalid password)/;
/** A script that meets it has other words. */
const NO_RIGHT = /^NOPERM |user executing the script can't (run|access)/;

/** What an answer of Redis, or its absence, means for whoever asked: that it passes, that nothing can be stored now, or that a right is missing. */
export function asRedisFault(error: unknown, server: string): unknown {
  const { name = '', message = '', code = '' } = error as { name?: string; message?: string; code?: string };
  if (error instanceof ServerRefusal || error instanceof OutOfRoom || error instanceof LostConnection) return error;
  const said = sentenceOf(message.replace(IN_SCRIPT, ''));
  if (NO_MEMORY.test(message)) return cannotStore(`${server} has no memory left: ${said} Raise its maxmemory, or free some.`, error);
  if (NO_DISK.test(message)) return cannotStore(`${server} cannot write to its disk: ${said} Free some space there.`, error, '53100');
  if (REPLICA.test(message)) return cannotStore(`${server} takes no writes: ${said} Promote it, or name its primary in ONLINE_URL.`, error);
  if (NO_LOGIN.test(message)) return new ServerRefusal(`${server} lets nobody in as ONLINE_URL says: ${said} ${LOG_IN}`, { cause: error });
  if (NO_RIGHT.test(message)) return new ServerRefusal(`${server} refuses the user of ONLINE_URL: ${said} ${GRANT}`, { cause: error });
  if (![name, message, code].some((word) => AWAY.test(word))) return error;
  return lostServer(server, said, 'unknown', error);
}

/** Redis adds where in a script it was. */
const IN_SCRIPT = / script: [0-9a-f]+, on .*$/;
const LOG_IN = 'Correct user and password, percent-encoded.';
const GRANT = 'Let it do what is needed on its keys: ACL SETUSER <user> ~<prefix>* +info +select +mget +eval +evalsha +get +set.';

/** Throws a sentence about a Redis that cannot hold online values. `info`: what its command INFO tells. */
export function refuseUnfit(info: string): void {
  const { redis_mode: mode, role, maxmemory = '0', maxmemory_policy: policy = 'noeviction' } = fieldsOf(info);
  if (mode === 'cluster') throw new Error('it is a node of a cluster, and a call may need keys of several nodes. Use one Redis');
  if (role === 'slave') throw new Error('it is a replica and takes no writes. Name its primary');
  if (maxmemory === '0' || policy === 'noeviction') return;
  // A tombstone that was dropped would let an older value come back.
  throw new Error(
    `it drops keys when its memory is full (maxmemory-policy ${policy}). Set maxmemory-policy to noeviction, or give it a Redis of its own`,
  );
}

function fieldsOf(info: string): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries([...info.matchAll(/^([a-z_]+):([^\r\n]*)/gm)].map(([, name = '', value = '']) => [name, value]));
}

/** Why the store could not be opened, with the remedy. */
export function unusable(server: string, error: unknown): Error {
  const fault = asRedisFault(error, server);
  if (fault instanceof ServerRefusal) return fault;
  const reason = messageOf(error);
  return new Error(`${server} cannot be used as online store (ONLINE_URL): ${sentenceOf(error)} ${remedyOf(fault, reason)}`, {
    cause: fault,
  });
}

function remedyOf(fault: unknown, reason: string): string {
  if (/DB index/.test(reason)) return 'Correct the number of the database at the end of the URL.';
  if (isLostConnection(fault)) return 'Start it, or correct the address (rediss:// is for a port with TLS, redis:// for one without).';
  return 'Mend that, or name another one.';
}
