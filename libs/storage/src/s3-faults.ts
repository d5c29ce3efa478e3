import { messageOf, sentenceOf } from './error-code.ts';
import { cannotStore, isLostConnection, isOutOfRoom, lostServer, ServerRefusal } from './sql-errors.ts';

const NO_ANSWER = /ECONN|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|TimeoutError|AbortError/;
const INSUFFICIENT_STORAGE = 507;
/** What stores call it that there is no room for an object: MinIO, Ceph, SeaweedFS and others. */
const NO_ROOM = /StorageFull|InsufficientStorage|InsufficientCapacity|QuotaExceeded|DiskFull/i;

export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode;
}

/** What an answer of the store `where`, or its absence, means for whoever asked. */
export function asS3Fault(error: unknown, where: string): unknown {
  const status = statusOf(error);
  const store = `The object store ${where}`;
  if (status === undefined)
    return NO_ANSWER.test(`${String(error)} ${codesOf(error)}`) ? lostServer(store, reasonOf(error), 'unknown', error) : error;
  const { name = '' } = error as { name?: string };
  const said = `${name} (${status})`;
  if (status === INSUFFICIENT_STORAGE || NO_ROOM.test(name))
    return cannotStore(`${store} is full: ${said}. Free some space there.`, error, '53100');
  if (status === 403) return new ServerRefusal(`${store} does not let the key of OBJECTS_URL do this: ${said}. ${GRANT}`, { cause: error });
  if (status < 500) return error;
  return cannotStore(
    `${store} fails: ${said}, ${sentenceOf(error)} See its own log; its disk may be full, or it has too much to do.`,
    error,
  );
}

const GRANT =
  'Correct key and secret, percent-encoded, or allow it s3:ListBucket on the bucket, and s3:GetObject and s3:PutObject on the objects in it.';

/** Why the store could not be opened, with the remedy. */
export function unusable(where: string, error: unknown): Error {
  const fault = asS3Fault(error, where);
  if (isOutOfRoom(fault) && fault instanceof Error) return fault;
  const { reason, remedy } = REASONS[statusOf(error) ?? statusOf(causeOf(error)) ?? 0] ?? reachability(fault, error);
  return new Error(`${where} cannot be used as object store (OBJECTS_URL): ${reason}. ${remedy}`, { cause: fault });
}

interface Explained {
  readonly reason: string;
  readonly remedy: string;
}

const REASONS: Readonly<Record<number, Explained>> = {
  301: { reason: 'the bucket is in another region', remedy: 'Name that in the parameter region.' },
  403: { reason: 'the key may not use it, or the secret is wrong', remedy: GRANT },
  404: { reason: 'there is no such bucket', remedy: 'Make it, or correct its name.' },
};

function reachability(fault: unknown, error: unknown): Explained {
  const reason = reasonOf(error);
  if (isLostConnection(fault)) return { reason, remedy: 'Start it, or correct the endpoint.' };
  if (/[Cc]redentials/.test(`${String(error)} ${reason}`))
    return { reason, remedy: "Write key:secret@ before the bucket's name, or give the key in one of the ways of the AWS SDKs." };
  return { reason, remedy: 'Correct the endpoint: it must be that of an S3-compatible store.' };
}

function reasonOf(error: unknown): string {
  const said = messageOf(error).replace(/^AWS SDK error wrapper for \w+: /, '');
  if (/AbortError|timed out/.test(String(error))) return 'it gave no answer in time';
  return (said === 'Error' || said === 'AggregateError' ? codesOf(error) : said).trim().replace(/\.+$/, '');
}

function codesOf(error: unknown): string {
  const { code = '', cause, errors = [] } = error as { code?: string; cause?: unknown; errors?: unknown[] };
  return [code, ...[...errors, ...(cause === undefined ? [] : [cause])].map(codesOf)].join(' ').trim();
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
