/** The functions that expressions may call. All are pure; a null argument gives null, unless `nulls` says otherwise. */
import { booleanOrNull, describeValue, finiteOrNull, type Report, type StaticType } from './expression-values.ts';
import { localHour, localWeekday } from './zoned-time.ts';

export interface FunctionRule {
  /** As users read them: `zone?` may be left out, `…` stands for any number more. Of a method the first is the value itself. */
  readonly parameters: string;
  readonly least: number;
  readonly most: number;
  /** Types of the arguments; the last one stands for all further ones. */
  readonly takes: readonly StaticType[];
  readonly gives: StaticType;
  /** `pass`: null arguments reach `call`; otherwise any null argument makes the result null. */
  readonly nulls?: 'pass';
  readonly call: (args: readonly unknown[], report: Report) => unknown;
}

function taking(parameters: string): Pick<FunctionRule, 'parameters' | 'least' | 'most'> {
  const names = parameters.split(', ');
  const least = names.filter((name) => name !== '…' && !name.endsWith('?')).length;
  return { parameters, least, most: names.includes('…') ? Infinity : names.length };
}

const numeric = (parameters: string, compute: (...values: number[]) => number): FunctionRule => ({
  ...taking(parameters),
  takes: ['number'],
  gives: 'number',
  call: (args) => finiteOrNull(compute(...(args as number[]))),
});

const zoned = (read: (time: number, zone: string) => number | null): FunctionRule => ({
  ...taking('time, zone?'),
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
  ...taking('text, part'),
  takes: ['string'],
  gives: 'boolean',
  call: (args) => test(args[0] as string, args[1] as string),
});

const size: FunctionRule = { ...taking('value'), takes: ['any'], gives: 'number', call: ([value], report) => sizeOf(value, report) };

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

const one = (
  [parameter, takes]: readonly [string, StaticType],
  gives: StaticType,
  call: (value: unknown, report: Report) => unknown,
): FunctionRule => ({
  ...taking(parameter),
  takes: [takes],
  gives,
  call: ([value], report) => call(value, report),
});

/** `hour(time, zone)`, `clip(x, low, high)`, …: called by name. */
export const FUNCTIONS: Readonly<Record<string, FunctionRule>> = {
  abs: numeric('x', Math.abs),
  ceil: numeric('x', Math.ceil),
  clip: numeric('x, low, high', (value, low, high) => Math.min(Math.max(value ?? 0, low ?? 0), high ?? 0)),
  exp: numeric('x', Math.exp),
  floor: numeric('x', Math.floor),
  log: numeric('x', Math.log),
  max: numeric('x, …', Math.max),
  min: numeric('x, …', Math.min),
  pow: numeric('x, exponent', Math.pow),
  round: numeric('x', (value) => Math.sign(value) * Math.round(Math.abs(value))),
  sqrt: numeric('x', Math.sqrt),
  hour: zoned(localHour),
  weekday: zoned(localWeekday),
  timestamp: one(['text', 'string'], 'number', toTime),
  double: one(['value', 'any'], 'number', toNumber),
  int: one(['value', 'any'], 'number', (value, report) => {
    const result = toNumber(value, report);
    return result === null ? null : Math.trunc(result);
  }),
  indicator: one(['truth', 'boolean'], 'number', truthToNumber),
  string: one(['value', 'any'], 'string', toText),
  size,
  coalesce: {
    ...taking('value, …'),
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
