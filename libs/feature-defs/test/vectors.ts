import { readFileSync } from 'node:fs';

/** A file of values made by vectors/generate.py. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}
