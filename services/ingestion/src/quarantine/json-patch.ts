/**
 * JSON Patch (RFC 6902) on JSON Pointer (RFC 6901), exactly: a path finds own members alone, so that nothing can reach a prototype, and
 * an index of an array is its digits. Documents are never changed: what a patch leaves alone is shared between both.
 */
import type { PatchOperation } from '@roofshot/contracts/http/quarantine';
import { isEqualJson, isLongerThan } from './json-values.ts';

/** `undefined` is no JSON: it stands for a document that could not be read, and for what is not there. */
export type Patched = { readonly value: unknown } | { readonly fault: string };

/** Of one that copies made longer: some copies of copies would fill the memory. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

const POINTER = /^(\/([^~/]|~[01])*)*$/;
const INDEX = /^(0|[1-9][0-9]*)$/;

/** All operations, or none: the first that fails says why. */
export function applyPatch(document: unknown, patch: readonly PatchOperation[]): Patched {
  let value = document;
  for (const [index, operation] of patch.entries()) {
    const done = applyOperation(value, operation);
    if ('fault' in done) return { fault: `Operation ${index} (${operation.op} at "${operation.path}"): ${done.fault}` };
    value = done.value;
  }
  return { value };
}

/** What is no patch at all, whatever it is applied to; `path` is a pointer into the patch. */
export function patchFaults(patch: readonly PatchOperation[]): { path: string; message: string }[] {
  return patch.flatMap(({ op, path, from, ...rest }, index) => {
    const faults: { path: string; message: string }[] = [];
    const fault = (member: string, message: string): number => faults.push({ path: `/${index}/${member}`, message });
    if (!OPERATIONS.has(op)) fault('op', `must be one of ${[...OPERATIONS].join(', ')}`);
    if (!POINTER.test(path)) fault('path', 'must be a JSON pointer: empty, or /name/name with ~1 for / and ~0 for ~');
    if (NEEDS_VALUE.has(op) && !('value' in rest)) fault('value', `is missing: ${op} needs one`);
    if (!NEEDS_FROM.has(op)) return faults;
    if (from === undefined) fault('from', `is missing: ${op} needs it`);
    else if (!POINTER.test(from)) fault('from', 'must be a JSON pointer: empty, or /name/name with ~1 for / and ~0 for ~');
    return faults;
  });
}

const OPERATIONS = new Set(['add', 'remove', 'replace', 'move', 'copy', 'test']);
const NEEDS_VALUE = new Set(['add', 'replace', 'test']);
const NEEDS_FROM = new Set(['move', 'copy']);

function applyOperation(document: unknown, { op, path, from = '', value }: PatchOperation): Patched {
  switch (op) {
    case 'add':
      return add(document, path, value);
    case 'remove':
      return remove(document, path);
    case 'replace':
      return path === '' ? { value } : orNothing(edit(document, tokensOf(path), replaceIn(value)), path);
    case 'move':
      return move(document, from, path);
    case 'copy':
      return copy(document, from, path);
    default:
      return test(document, path, value);
  }
}

function add(document: unknown, path: string, value: unknown): Patched {
  if (path === '') return { value };
  const changed = edit(document, tokensOf(path), insertIn(value));
  if (changed !== undefined) return { value: changed };
  return { fault: 'there is no object here to add to, and no array that reaches so far.' };
}

function remove(document: unknown, path: string): Patched {
  if (path === '') return { fault: 'without the whole of it no event is left. Discard it instead.' };
  return orNothing(edit(document, tokensOf(path), removeIn), path);
}

function move(document: unknown, from: string, path: string): Patched {
  const value = valueAt(document, tokensOf(from));
  if (value === undefined) return nothingAt(from);
  if (from === path) return { value: document };
  if (path.startsWith(`${from}/`)) return { fault: `${from === '' ? 'the whole event' : from} cannot be moved into itself.` };
  const removed = remove(document, from);
  return 'fault' in removed ? removed : add(removed.value, path, value);
}

function copy(document: unknown, from: string, path: string): Patched {
  const value = valueAt(document, tokensOf(from));
  if (value === undefined) return nothingAt(from);
  const copied = add(document, path, value);
  if ('fault' in copied || !isLongerThan(copied.value, MOST_CHARACTERS)) return copied;
  return { fault: `with this copy it is longer than ${MOST_CHARACTERS} characters.` };
}

function test(document: unknown, path: string, value: unknown): Patched {
  const found = valueAt(document, tokensOf(path));
  if (found === undefined) return nothingAt(path);
  // What is there instead is not told: it may be personal.
  return isEqualJson(found, value) ? { value: document } : { fault: 'the value here is another one.' };
}

const orNothing = (value: unknown, path: string): Patched => (value === undefined ? nothingAt(path) : { value });

const nothingAt = (path: string): Patched => ({
  fault: path === '' ? 'the event could not be read; replace the whole of it (path "").' : `there is nothing at ${path}.`,
});

/** `/a~1b` → `a/b`: `~1` first, so that `~01` is `~1`. */
const tokensOf = (path: string): string[] =>
  path
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));

function valueAt(document: unknown, tokens: readonly string[]): unknown {
  return tokens.reduce<unknown>(memberOf, document);
}

function memberOf(value: unknown, token: string): unknown {
  if (Array.isArray(value)) return INDEX.test(token) ? (value as unknown[])[Number(token)] : undefined;
  return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What holds a member, changed there; undefined where it cannot be. */
type Put = (holder: unknown, token: string) => unknown;

function edit(value: unknown, [token = '', ...rest]: readonly string[], put: Put): unknown {
  if (rest.length === 0) return put(value, token);
  const inner = memberOf(value, token);
  const changed = inner === undefined ? undefined : edit(inner, rest, put);
  return changed === undefined ? undefined : replaceIn(changed)(value, token);
}

const replaceIn =
  (member: unknown): Put =>
  (holder, token) => {
    if (memberOf(holder, token) === undefined) return undefined;
    return Array.isArray(holder) ? (holder as unknown[]).with(Number(token), member) : withMember(holder, token, member);
  };

const insertIn =
  (member: unknown): Put =>
  (holder, token) => {
    if (!Array.isArray(holder)) return isObject(holder) ? withMember(holder, token, member) : undefined;
    const index = token === '-' ? holder.length : INDEX.test(token) ? Number(token) : Infinity;
    return index > holder.length ? undefined : (holder as unknown[]).toSpliced(index, 0, member);
  };

const removeIn: Put = (holder, token) => {
  if (memberOf(holder, token) === undefined) return undefined;
  if (Array.isArray(holder)) return (holder as unknown[]).toSpliced(Number(token), 1);
  return Object.fromEntries(Object.entries(holder as object).filter(([name]) => name !== token));
};

/** A computed name makes an own member, also of `__proto__`. */
const withMember = (holder: unknown, name: string, member: unknown): unknown => ({ ...(holder as object), [name]: member });
