/** A dead letter for people to read: what failed, where it came from, and the message as far as it may be shown. */
import type { DeadLetter } from '@roofshot/contracts/http/dead-letters';
import { tableLines } from '../print.ts';

export function letterLines(letter: DeadLetter): string[] {
  const { id, state, origin, headers, stack, payload } = letter;
  return [
    ...tableLines(['ID', id + (state === 'sent' ? ' (sent again, its outcome is awaited)' : '')], rowsOf(letter)),
    ...part('FROM', Object.entries(origin)),
    ...part('HEADERS', Object.entries(headers)),
    '',
    'STACK',
    ...indented(stack === null ? '(none was kept)' : printable(stack)),
    '',
    'MESSAGE',
    ...indented(JSON.stringify(payload, undefined, 2)),
  ];
}

function rowsOf({
  type,
  kind,
  error,
  messageId,
  key,
  attempts,
  firstFailedAt,
  lastFailedAt,
  correlationId,
  traceparent,
}: DeadLetter): string[][] {
  const rows: readonly (readonly [string, string | number | null])[] = [
    ['TYPE', type],
    ['KIND', kind],
    ['ERROR', error.code],
    ['WHY', error.message],
    ['MESSAGE ID', messageId],
    ['KEY', key],
    ['TRIES', attempts],
    ['FIRST FAILED', firstFailedAt],
    ['LAST FAILED', lastFailedAt],
    ['CORRELATION ID', correlationId],
    ['TRACE', traceparent],
  ];
  return rows.flatMap(([name, value]) => (value === null ? [] : [[name, printable(String(value))]]));
}

function part(name: string, entries: readonly (readonly [string, string | number])[]): string[] {
  const rows = entries.map(([entry, value]) => [`  ${printable(entry)}`, printable(String(value))]);
  return rows.length === 0 ? [] : ['', ...tableLines([name], rows)];
}

const indented = (text: string): string[] => text.split('\n').map((line) => `  ${line}`);

/** Texts of senders must not steer the terminal. */
const printable = (text: string): string => text.replaceAll(/[^\P{Cc}\n\t]/gu, '\uFFFD');
