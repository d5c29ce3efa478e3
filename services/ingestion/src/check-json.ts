/** What JSON text can say and the platform cannot keep as it was said. */
import type { Refusal } from './verdicts.ts';

/** Levels of nesting: far more than events have, far fewer than the stacks of those who read them. */
const MAX_DEPTH = 100;

/** The first value, in the event's order, that is nested too deeply or is a number out of range. */
export function jsonFault(value: unknown): Refusal | undefined {
  return faultIn(value, MAX_DEPTH);
}

function faultIn(value: unknown, levels: number): Refusal | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : outOfRange();
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return tooDeep();
  if (Array.isArray(value)) return faultAmong(value, levels);
  for (const name in value) {
    const fault = faultIn((value as Readonly<Record<string, unknown>>)[name], levels - 1);
    if (fault !== undefined) return under(name, fault);
  }
  return undefined;
}

function faultAmong(values: readonly unknown[], levels: number): Refusal | undefined {
  for (let index = 0; index < values.length; index += 1) {
    const fault = faultIn(values[index], levels - 1);
    if (fault !== undefined) return under(String(index), fault);
  }
  return undefined;
}

const under = (name: string, fault: Refusal): Refusal => ({ ...fault, path: pointer(name) + (fault.path ?? '') });

/** One step of a JSON pointer. */
export const pointer = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

function outOfRange(): Refusal {
  const detail = `A number here is beyond ±${Number.MAX_VALUE}: it would be kept as null. Send it as text, or in another unit.`;
  return { verdict: 'quarantined', reason: 'json', detail, path: '' };
}

function tooDeep(): Refusal {
  const detail = `The event is nested more than ${MAX_DEPTH} levels deep. Flatten it, or send its inner part as text.`;
  return { verdict: 'quarantined', reason: 'too-large', detail, path: '' };
}
