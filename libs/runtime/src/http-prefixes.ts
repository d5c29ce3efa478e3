import type { AnyService } from './service.ts';

/**
 * The paths that a service answers, for the gateway: its kinds', its set's, and those that it declares. A prefix owns itself and what
 * is below it (`/v1/models` also `/v1/models/x`, not `/v1/models-x`); one that ends in `*` owns all that begins so.
 */
export function httpPrefixesOf({ name, kinds, paths }: Pick<AnyService, 'name' | 'kinds' | 'paths'>): string[] {
  const declared = kinds.length === 0 ? [] : [...kinds.map(({ plural }) => `/v1/${plural}`), `/v1/apply/${name}`];
  return [...new Set([...declared, ...paths])];
}

/** Whether a prefix owns a path. */
export function ownsPath(prefix: string, path: string): boolean {
  if (prefix.endsWith('*')) return path.startsWith(prefix.slice(0, -1));
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`);
}
