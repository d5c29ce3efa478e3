/** A refused event as others may see it: without the personal data that it holds, and without what its fault tells of them. Pure. */
import { withoutQuotedInput } from '@roofshot/telemetry/redact';
import type { Mask } from '@roofshot/runtime/mask-data';

export interface RefusedText {
  readonly eventType: string;
  /** The event as it was sent. */
  readonly original: string;
  readonly detail: string;
  /** JSON pointer into the event. */
  readonly path?: string;
}

const HIDDEN = 'What is wrong lies in personal data and is not told here. Ask for it with reveal=true, which is audited.';

/**
 * Without a mask (its type is not declared) nothing of `data` is told, and of what is no CloudEvent nothing at all. `original`: the event as
 * it may be told, JSON text; null where none of it may be.
 */
export function maskRefused<R extends RefusedText>(refused: R, mask?: Mask): Omit<R, 'original'> & { readonly original: string | null } {
  const event = objectIn(refused.original);
  if (event?.['specversion'] === undefined) return { ...refused, detail: withoutQuotedInput(refused.detail), original: null };
  const told = mask?.(event['data']);
  const masked = { ...refused, original: originalOf(refused.original, event, told) };
  return isTold({ data: event['data'] }, { data: told }, refused.path ?? '') ? masked : { ...masked, detail: HIDDEN, path: '/data' };
}

/** As it was sent where all of it may be told: to write it anew could change a number. Attributes are texts, numbers and booleans. */
function originalOf(sent: string, event: Readonly<Record<string, unknown>>, data: unknown): string {
  const entries = Object.entries(event).flatMap(([name, value]): [string, unknown][] => {
    if (name !== 'data') return typeof value === 'object' || name === 'data_base64' ? [] : [[name, value]];
    return data === undefined ? [] : [[name, data]];
  });
  const told = JSON.stringify(Object.fromEntries(entries));
  return told === JSON.stringify(event) ? sent : told;
}

/** Without the event at hand: what is wrong within its data is not told. */
export function hideFault<R extends Pick<RefusedText, 'detail' | 'path'>>(refused: R): R {
  return refused.path?.startsWith('/data') === true ? { ...refused, detail: HIDDEN, path: '/data' } : refused;
}

/** Whether the mask has left everything on the way to a place that the data has. */
function isTold(whole: unknown, told: unknown, path: string): boolean {
  const [first, ...steps] = path.split('/').slice(1);
  if (first !== 'data') return true;
  let [inner, left]: [unknown, unknown] = [stepInto(whole, first), stepInto(told, first)];
  for (const step of steps.map((text) => text.replaceAll('~1', '/').replaceAll('~0', '~'))) {
    if (inner === undefined) return true; // a field that is missing is named by the schema
    if (typeof inner !== typeof left || Array.isArray(inner) !== Array.isArray(left)) return false;
    [inner, left] = [stepInto(inner, step), stepInto(left, step)];
  }
  if (inner === undefined) return true;
  return typeof inner === 'object' && inner !== null ? typeof left === 'object' && left !== null : inner === left;
}

const stepInto = (value: unknown, step: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, step) ? (value as Record<string, unknown>)[step] : undefined;

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
