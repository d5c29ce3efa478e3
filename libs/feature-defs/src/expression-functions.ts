/** The functions that expressions may call. All are pure; a null argument gives null, unless `nulls` says otherwise. */
import { booleanOrNull, describeValue, finiteOrNull, type Report, type StaticType } from './expression-values.ts';
import { localHour, localWeekday } from './zoned-time.ts';

export interface FunctionRule {
  readonly least: number;
  readonly most: number;
  /** Types of the arguments; the last one stands for all further ones. */
  readonly takes: readonly StaticType[];
  readonly gives: StaticType;
  /** `pass`: null arguments reach `call`; otherwise any null argument makes the result null. */
  readonly nulls?: 'pass';
  readonly call: (args: readonly unknown[], report: Report) => unknown;
}

const numeric = (least: number, most: number, compute: (...values: number[]) => number): FunctionRule => ({
  least,
  most,
  takes: ['number'],
  gives: 'number',
  call: (args) => finiteOrNull(compute(...(args as number[]))),
});

const zoned = (read: (time: number, zone: string) => number | null): FunctionRule => ({
  least: 1,
  most: 2,
  takes: ['number', 'string'],
  gives: 'number',
  call: ([time, zone], report) => readZoned(read, time as number, (zone ?? 'UTC') as string, report),
});

function readZoned(read: (time: number, zone: string) => number | null, time: number, zone: string, report: Report): number | null {
  const result = read(time, zone);
  if (result === null) report(`there is no time zone "${zone}": use an IANA name such as America/New_York`);
  return result;
}

const textual = (test: (text: string, part: string) => boolean): FunctionRule => ({
  least: 2,
  most: 2,
  takes: ['string'],
  gives: 'boolean',
  call: (args) => test(args[0] as string, args[1] as string),
});

const size: FunctionRule = { least: 1, most: 1, takes: ['any'], gives: 'number', call: ([value], report) => sizeOf(value, report) };

function sizeOf(value: unknown, report: Report): number | null {
  if (typeof value === 'string') return [...value].length;
  if (Array.isArray(value)) return value.length;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length;
  report(`size needs a text, a list or an object and got ${describeValue(value)}`);
  return null;
}

function toNumber(value: unknown, report: Report): number | null {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  report(`double needs a number or the text of one and got ${describeValue(value)}`);
  return null;
}

function toText(value: unknown, report: Report): string | null {
  if (typeof value !== 'object') return String(value);
  report(`string needs a number, a text or a truth value and got ${describeValue(value)}`);
  return null;
}

function toTime(text: unknown, report: Report): number | null {
  const time = Date.parse(text as string);
  if (Number.isFinite(time)) return time;
  report(`"${String(text)}" is not a time: use RFC 3339, such as 2001-01-15T08:00:00Z`);
  return null;
}

function truthToNumber(value: unknown, report: Report): number | null {
  const truth = booleanOrNull(value, 'indicator', report);
  return truth === null ? null : Number(truth);
}

const one = (takes: StaticType, gives: StaticType, call: (value: unknown, report: Report) => unknown): FunctionRule => ({
  least: 1,
  most: 1,
  takes: [takes],
  gives,
  call: ([value], report) => call(value, report),
});

/** `hour(time, zone)`, `clip(x, low, high)`, …: called by name. */
export const FUNCTIONS: Readonly<Record<string, FunctionRule>> = {
  abs: numeric(1, 1, Math.abs),
  ceil: numeric(1, 1, Math.ceil),
  clip: numeric(3, 3, (value, low, high) => Math.min(Math.max(value ?? 0, low ?? 0), high ?? 0)),
  exp: numeric(1, 1, Math.exp),
  floor: numeric(1, 1, Math.floor),
  log: numeric(1, 1, Math.log),
  max: numeric(1, Infinity, Math.max),
  min: numeric(1, Infinity, Math.min),
  pow: numeric(2, 2, Math.pow),
  round: numeric(1, 1, (value) => Math.sign(value) * Math.round(Math.abs(value))),
  sqrt: numeric(1, 1, Math.sqrt),
  hour: zoned(localHour),
  weekday: zoned(localWeekday),
  timestamp: one('string', 'number', toTime),
  double: one('any', 'number', toNumber),
  int: one('any', 'number', (value, report) => {
    const result = toNumber(value, report);
    return result === null ? null : Math.trunc(result);
  }),
  indicator: one('boolean', 'number', truthToNumber),
  string: one('any', 'string', toText),
  size,
  coalesce: {
    least: 1,
    most: Infinity,
    takes: ['any'],
    gives: 'any',
    nulls: 'pass',
    call: (args) => args.find((value) => value !== null) ?? null,
  },
};

/** `text.startsWith("a")`, …: called on a value. */
export const METHODS: Readonly<Record<string, FunctionRule>> = {
  contains: textual((text, part) => text.includes(part)),
  endsWith: textual((text, part) => text.endsWith(part)),
  startsWith: textual((text, part) => text.startsWith(part)),
  size,
};
