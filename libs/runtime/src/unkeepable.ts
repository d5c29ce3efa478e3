/** What JSON can say and no database can keep, or only as something else. */
import type { Fault } from '@roofshot/contracts/validate';

/** Whatever is deeper is no resource; those who read it go down by recursion. */
const MOST_DEEP = 200;

interface Part {
  readonly path: string;
  readonly value: unknown;
  readonly depth: number;
}

/** Texts with U+0000 or half of a surrogate pair, numbers that are not finite, and what is nested too deep; keys are texts as well. */
export function unkeepableFaults(value: unknown): Fault[] {
  const faults: Fault[] = [];
  const parts: Part[] = [{ path: '', value, depth: 0 }];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const fault = faultOf(part);
    if (fault !== undefined) faults.push({ path: part.path, message: fault });
    else if (typeof part.value === 'object' && part.value !== null) parts.push(...partsOf(part));
  }
  return faults;
}

function faultOf({ value, path, depth }: Part): string | undefined {
  if (depth > MOST_DEEP) return `is nested more than ${MOST_DEEP} levels deep`;
  if (typeof value === 'number' && !Number.isFinite(value)) return 'is no finite number';
  const isKept = isKeepable(path) && (typeof value !== 'string' || isKeepable(value));
  return isKept ? undefined : 'holds U+0000 or half of a surrogate pair, which cannot be kept; remove it';
}

const isKeepable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

function partsOf({ path, value, depth }: Part): Part[] {
  const entries = Object.entries(value as object) as [string, unknown][];
  return entries
    .reverse()
    .map(([name, inner]) => ({ path: `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, value: inner, depth: depth + 1 }));
}
