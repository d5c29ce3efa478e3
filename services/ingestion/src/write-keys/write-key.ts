/** What a write key is, and where a request carries one. */
import { createHash, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** A key that is in force. */
export interface WriteKey {
  /** Public: in the ledger, in answers, in logs. */
  readonly id: string;
  readonly name: string;
  /** Undefined: all. */
  readonly eventTypes: ReadonlySet<string> | undefined;
  /** It may say when an event became known: imports and replays. */
  readonly mayImport: boolean;
  readonly eventsPerSecond: number | undefined;
  readonly eventsPerDay: number | undefined;
  readonly maxBodyBytes: number | undefined;
  /** Nobody's key: it stands for a door that asks for none, and is not counted by the day. */
  readonly isDoor?: true;
}

/** For a door whose own rights are somebody else's to give. */
export function doorKey(id: string, name: string, { mayImport }: Pick<WriteKey, 'mayImport'>): WriteKey {
  const unlimited = { eventTypes: undefined, eventsPerSecond: undefined, eventsPerDay: undefined, maxBodyBytes: undefined };
  return { id, name, mayImport, ...unlimited, isDoor: true };
}

/** `rsk_` makes a key that has leaked easy to search for. 24 random bytes: it cannot be guessed, so a plain hash of it can be kept. */
export const newSecret = (): string => `rsk_${randomBytes(24).toString('base64url')}`;
export const newKeyId = (): string => `wk_${randomBytes(6).toString('hex')}`;

export const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

const BEARER = /^bearer +(\S+)$/i;
const BASIC = /^basic +([A-Za-z0-9+/_=-]+)$/i;

/**
 * The key of a request: `Authorization: Bearer KEY`, or `Basic` with the key as the user's name and no password, as Segment's
 * libraries send it. Undefined where there is no such header; empty where it cannot be read.
 */
export function secretIn({ authorization }: IncomingHttpHeaders): string | undefined {
  if (authorization === undefined) return undefined;
  const [, bearer] = BEARER.exec(authorization) ?? [];
  if (bearer !== undefined) return bearer;
  const [, basic] = BASIC.exec(authorization) ?? [];
  return basic === undefined ? '' : (Buffer.from(basic, 'base64').toString('utf8').split(':', 1)[0] ?? '');
}
