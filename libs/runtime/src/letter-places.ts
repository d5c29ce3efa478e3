/**
 * Where letters and parked keys stand in the lists of their service, as ids and cursors name it: services write them, and the gateway puts
 * them together.
 */
import { readCursor, writeCursor } from './cursor.ts';

export const letterId = (service: string, number: number): string => `${service}:${number}`;

/** Of an id that has the form of one. */
export function readLetterId(id: string): { readonly service: string; readonly number: number } {
  const at = id.lastIndexOf(':');
  return { service: id.slice(0, at), number: Number(id.slice(at + 1)) };
}

export interface KeyPlace {
  readonly topic: string;
  readonly key: string;
}

export const cursorAfterLetter = (number: number): string => writeCursor(number);
export const cursorAfterKey = ({ topic, key }: KeyPlace): string => writeCursor([topic, key]);

/** Throws `invalid`, as the other. */
export const readLetterCursor = (cursor: string): number => readCursor(cursor, isNumber);

export function readKeyCursor(cursor: string): KeyPlace {
  const [topic, key] = readCursor(cursor, isPair);
  return { topic, key };
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isPair = (value: unknown): value is [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string');
