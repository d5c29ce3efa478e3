import type { DeclaredType } from '../catalogue.ts';

/**
 * The text of a refused event as lists and answers show it. `type`: its declaration, undefined where there is none. All that leaves the
 * quarantine for people passes here.
 */
export function listedOriginal(original: string, _type: DeclaredType | undefined): string {
  return original;
}
