/** Windows over events with a key, an event time and a value; and what an oracle and a naive computation both say of them. */

export interface WindowEvent {
  readonly key: string;
  /** Event time, whole epoch milliseconds. The order of events is that of their arrival. */
  readonly time: number;
  /** A multiple of 0.000001, at most ±1e15. */
  readonly value: number;
}

/**
 * Which windows. Lengths are whole milliseconds.
 *
 * - tumbling: [start, start + size), starts are multiples of the size.
 * - hopping: [start, start + size), starts are multiples of the advance.
 * - sliding: [start, start + difference], both ends inclusive, the difference at least 1; there is one that ends at each event and one
 *   that begins a millisecond after it.
 * - session: [time of the first event, time of the last], both ends inclusive; events at most the gap apart are in the same one.
 *
 * `graceMs` says for how long a window takes events after its end, in the greatest event time that has arrived under any key (the stream
 * time); left out: for ever.
 */
export type WindowSpec = (
  | { readonly kind: 'tumbling'; readonly sizeMs: number }
  | { readonly kind: 'hopping'; readonly sizeMs: number; readonly advanceMs: number }
  | { readonly kind: 'sliding'; readonly differenceMs: number }
  | { readonly kind: 'session'; readonly gapMs: number }
) & { readonly graceMs?: number };

export interface WindowTotals {
  readonly key: string;
  readonly start: number;
  /** Exclusive for tumbling and hopping windows, inclusive for sliding ones and sessions. */
  readonly end: number;
  readonly count: number;
  readonly sumMillionths: bigint;
  readonly min: number;
  readonly max: number;
}

const DECIMAL = /^(-?)(\d+)(?:\.(\d{1,6}))?$/;

/** A decimal as a whole number of millionths. @throws RangeError when it has more than six decimals */
export function millionthsOf(decimal: string): bigint {
  const [, sign, whole, fraction = ''] = DECIMAL.exec(decimal) ?? [];
  if (whole === undefined)
    throw new RangeError(`${decimal} is not a decimal with at most six digits after the point: round the value to millionths first.`);
  return BigInt(`${sign}${whole}${fraction.padEnd(6, '0')}`);
}

/** By key, start and end: two lists of the same windows are then equal. */
export function sortWindows<T extends WindowTotals>(windows: readonly T[]): T[] {
  return [...windows].sort((a, b) => compareText(a.key, b.key) || a.start - b.start || a.end - b.end);
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** A line for each window, with its ends as the kind has them: `a [0, 10) 2 events, sum 3.5, min 1, max 2.5`. In the order of `sortWindows`. */
export function windowLines(windows: readonly WindowTotals[], { kind }: WindowSpec): string[] {
  const close = kind === 'tumbling' || kind === 'hopping' ? ')' : ']';
  return sortWindows(windows).map(({ key, start, end, count, sumMillionths, min, max }) => {
    const events = count === 1 ? '1 event' : `${count} events`;
    return `${key} [${start}, ${end}${close} ${events}, sum ${decimalOf(sumMillionths)}, min ${min}, max ${max}`;
  });
}

function decimalOf(millionths: bigint): string {
  const digits = String(millionths < 0n ? -millionths : millionths).padStart(7, '0');
  const fraction = digits.slice(-6).replace(/0+$/, '');
  return `${millionths < 0n ? '-' : ''}${digits.slice(0, -6)}${fraction === '' ? '' : `.${fraction}`}`;
}
