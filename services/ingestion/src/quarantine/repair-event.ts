/** A refused event as it is tried again: what was sent, with the patch, its own id and its own time. Pure. */
import type { PatchOperation, RedriveOutcome } from '@roofshot/contracts/http/quarantine';
import { parseTime } from '../check-envelope.ts';
import { applyPatch } from './json-patch.ts';

/** What the repair looks at. */
export interface Refusal {
  readonly original: string;
  /** False: `original` is not all of it, or only a likeness. */
  readonly isWhole: boolean;
  readonly receivedAt: Date;
  readonly verdict: 'quarantined' | 'late';
  readonly reason: string;
  readonly path: string | null;
  readonly lastRedrive: Pick<RedriveOutcome, 'verdict' | 'reason' | 'path'> | null;
}

/** Why it cannot even be tried: `patch` does not fit, `json` cannot be read, `identity` would become another event. */
export interface Unrepaired {
  readonly reason: 'patch' | 'json' | 'identity';
  readonly detail: string;
  readonly path?: string;
}

/** Answers by which attribute events of a type say when they became known; undefined: they do not. */
type KnownBy = (type: string) => string | undefined;

export function repairEvent(
  refusal: Refusal,
  patch: readonly PatchOperation[],
  knownBy: KnownBy,
): { readonly value: unknown } | Unrepaired {
  const sent = readOriginal(refusal);
  if (sent === undefined && patch.length === 0) return unreadable(refusal);
  const patched = applyPatch(sent, patch);
  if ('fault' in patched) return { reason: 'patch', detail: `${patched.fault} Nothing was changed.` };
  const fault = dataFault(refusal, sent, patched.value) ?? identityFault(refusal, sent, patched.value);
  if (fault !== undefined) return fault;
  return { value: withTime(refusal, patched.value, knownBy) };
}

/** Undefined where it is no JSON, or not all of what came: it would read as another event. */
function readOriginal({ original, isWhole }: Refusal): unknown {
  if (!isWhole) return undefined;
  try {
    return JSON.parse(original) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function unreadable({ isWhole }: Refusal): Unrepaired {
  const what = isWhole ? 'What was sent is no JSON' : 'Only a part of what was sent could be kept';
  return { reason: 'json', detail: `${what}. Replace the whole of it: a patch with one operation, replace at the path "".` };
}

/** A door may keep data that is no JSON as a text; it is not to become an event whose data is a text. */
function dataFault({ reason, path }: Refusal, sent: unknown, patched: unknown): Unrepaired | undefined {
  const isOfData = reason === 'json' && (path === '/data' || path?.startsWith('/data/') === true);
  if (!isOfData || memberOf(sent, 'data') !== memberOf(patched, 'data')) return undefined;
  return {
    reason: 'json',
    detail: 'What was sent as data is no JSON. Replace it: a patch with an operation replace at /data.',
    path: '/data',
  };
}

const IDENTITY = ['id', 'source', 'time'] as const;

/** Readers recognise an event by them; only one that was itself what was wrong can become another. */
function identityFault(refusal: Refusal, sent: unknown, patched: unknown): Unrepaired | undefined {
  const wrong = [refusal, refusal.lastRedrive].flatMap((found) => (isMendable(found) ? [found?.path] : []));
  for (const name of IDENTITY) {
    const before = memberOf(sent, name);
    if (!isValid(name, before) || before === memberOf(patched, name) || wrong.includes(`/${name}`)) continue;
    const detail = `The patch changes ${name}, and nothing was wrong with it: an event that comes again keeps its id, its source and its time. For another event, send a new one.`;
    return { reason: 'identity', detail, path: `/${name}` };
  }
  return undefined;
}

/** A late one is late by its time, and a patch that was refused says nothing of the event. */
const isMendable = (found: { readonly verdict: string; readonly reason?: string | undefined } | null): boolean =>
  found?.verdict === 'quarantined' && found.reason !== 'identity';

const isValid = (name: string, value: unknown): boolean =>
  typeof value === 'string' && value !== '' && (name !== 'time' || parseTime(value) !== undefined);

/** Without a time of its own it happened when it was received, not when it comes again. Imports say when they became known, and that is it. */
function withTime({ receivedAt }: Refusal, value: unknown, knownBy: KnownBy): unknown {
  if (!isObject(value) || isGiven(value['time'])) return value;
  const attribute = knownBy(String(value['type']));
  if (attribute !== undefined && isGiven(value[attribute])) return value;
  return { ...value, time: receivedAt.toISOString() };
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const memberOf = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined);
