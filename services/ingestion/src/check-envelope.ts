/**
 * The validity rules of CloudEvents 1.0.2 for one event in JSON form. What is not JSON at all is the reader's affair (read-events.ts).
 * The first fault found is the verdict: a sender mends one thing at a time.
 */
import { jsonFault, pointer } from './check-json.ts';
import { isUri, isUriReference } from './uri.ts';
import type { Refusal } from './verdicts.ts';

/** A valid envelope. `attributes` holds every attribute but `data`, null ones left out. */
export interface Envelope {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string | undefined;
  /** Epoch milliseconds; undefined when the sender gave none. */
  readonly eventTime: number | undefined;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly data: unknown;
}

const NAME = /^[a-z0-9]+$/;
/** RFC 3339 with an offset. */
const TIME = /^(\d{4})-(\d{2})-(\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
/** Where the seconds stand in it. */
const SECONDS = 'yyyy-mm-ddThh:mm:'.length;
/** In UTC: times lie on the log with four digits of the year. */
const [FIRST, LAST] = [Date.parse('0000-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];
/** What CloudEvents 1.0.2 (section 3.1, String) leaves out of the Unicode characters. */
export const NO_TEXT = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu;
/** CloudEvents 1.0.2, section 3.1, Integer. */
const MAX_INTEGER = 2 ** 31 - 1;
const MIN_INTEGER = -(2 ** 31);
const JSON_TYPE = /^application\/([a-z0-9.-]+\+)?json($|;)|^text\/json($|;)/i;
const REQUIRED = ['id', 'source', 'type'] as const;

export function checkEnvelope(value: unknown): { envelope: Envelope } | { refusal: Refusal } {
  const unfit = jsonFault(value);
  if (unfit !== undefined) return { refusal: unfit };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('', `An event is a JSON object; this is ${kindOf(value)}.`);
  }
  const raw = value as Readonly<Record<string, unknown>>;
  const fault = attributeFault(raw) ?? requiredFault(raw) ?? optionalFault(raw) ?? dataFault(raw);
  return fault ?? { envelope: envelopeOf(raw) };
}

/** Epoch milliseconds of an RFC 3339 time with offset; undefined when it is none. A leap second counts as the second after it, as in Unix time. */
export function parseTime(given: string): number | undefined {
  const text = given.toUpperCase();
  const [, year, month, day, seconds] = TIME.exec(text) ?? [];
  // `Date.parse` refuses months that do not exist, but takes 31 February for 3 March.
  if (day === undefined || Number(day) > daysIn(Number(year), Number(month))) return undefined;
  const time = seconds === '60' ? parseLeapSecond(text) : Date.parse(text);
  return time >= FIRST && time <= LAST ? time : undefined; // also not where it is none
}

/** A minute has a 61st second only at the end of a day, by UTC. */
function parseLeapSecond(text: string): number {
  const before = Date.parse(`${text.slice(0, SECONDS)}59${text.slice(SECONDS + 2)}`);
  return new Date(before).toISOString().slice(11, SECONDS) === '23:59:' ? before + 1000 : Number.NaN;
}

/** `month`: 1 to 12. */
const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

type Fault = { refusal: Refusal };

function refuse(path: string, detail: string): Fault {
  return { refusal: { verdict: 'quarantined', reason: 'envelope', detail, path } };
}

function requiredFault(raw: Readonly<Record<string, unknown>>): Fault | undefined {
  if (raw['specversion'] !== '1.0') {
    return refuse('/specversion', `specversion must be "1.0"; got ${describe(raw['specversion'])}.`);
  }
  for (const name of REQUIRED) {
    const value = raw[name];
    if (typeof value !== 'string' || value === '')
      return refuse(`/${name}`, `${name} must be a text that is not empty; got ${describe(value)}.`);
  }
  if (isUriReference(raw['source'] as string)) return undefined;
  return refuse(
    '/source',
    `source must be a URI reference (RFC 3986), like /shop/till-3; got ${describe(raw['source'])}. Percent-encode other characters.`,
  );
}

function attributeFault(raw: Readonly<Record<string, unknown>>): Fault | undefined {
  for (const name in raw) {
    if (name === 'data' || name === 'data_base64') continue;
    if (!NAME.test(name)) return refuse(pointer(name), `The attribute name "${name}" may hold lower-case letters and digits only.`);
    const detail = valueFault(name, raw[name]);
    if (detail !== undefined) return refuse(pointer(name), detail);
  }
  return undefined;
}

function valueFault(name: string, value: unknown): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  if (typeof value === 'string') {
    const [found] = value.match(NO_TEXT) ?? [];
    if (found === undefined) return undefined;
    return `An attribute holds no control characters, no half surrogate pairs and no noncharacters; ${name} holds ${codeOf(found)}. Take it out, or put the text into data.`;
  }
  if (typeof value !== 'number' || !Number.isInteger(value))
    return `An attribute is a text, an integer or a boolean; ${name} is ${describe(value)}. Put structured values into data.`;
  if (value >= MIN_INTEGER && value <= MAX_INTEGER) return undefined;
  return `An integer attribute has 32 bits (${MIN_INTEGER} to ${MAX_INTEGER}); ${name} is ${value}. Send it as text, or put it into data.`;
}

const codeOf = (character: string): string => `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

function optionalFault(raw: Readonly<Record<string, unknown>>): Fault | undefined {
  const { time, subject, dataschema, datacontenttype } = raw;
  if (time !== undefined && time !== null && (typeof time !== 'string' || parseTime(time) === undefined)) {
    return refuse('/time', `time must be RFC 3339 with an offset, like 2001-01-15T07:10:00Z; got ${describe(time)}.`);
  }
  for (const [name, value] of Object.entries({ subject, dataschema, datacontenttype })) {
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string' || value === '')
      return refuse(`/${name}`, `${name}, when given, must be a text that is not empty; got ${describe(value)}.`);
  }
  if (typeof dataschema !== 'string' || isUri(dataschema)) return undefined;
  return refuse(
    '/dataschema',
    `dataschema must be a URI with a scheme (RFC 3986), like https://example.org/order; got ${describe(dataschema)}.`,
  );
}

function dataFault(raw: Readonly<Record<string, unknown>>): Fault | undefined {
  const hasBinary = raw['data_base64'] !== undefined && raw['data_base64'] !== null;
  if (hasBinary && raw['data'] !== undefined) return refuse('/data_base64', 'data and data_base64 exclude each other: send one of them.');
  if (hasBinary)
    return refuse('/data_base64', 'Binary data cannot be checked against the JSON Schema of the event type: send JSON in data.');
  const contentType = raw['datacontenttype'];
  if (typeof contentType === 'string' && !JSON_TYPE.test(contentType)) {
    return refuse(
      '/datacontenttype',
      `Event types describe JSON; datacontenttype is ${contentType}. Send JSON and leave datacontenttype out.`,
    );
  }
  return undefined;
}

function envelopeOf(raw: Readonly<Record<string, unknown>>): Envelope {
  const attributes: Record<string, string | number | boolean> = {};
  for (const name in raw) {
    const value = raw[name];
    if (name !== 'data' && name !== 'data_base64' && value !== null) attributes[name] = value as string | number | boolean;
  }
  const { id, source, type, subject, time } = attributes as { id: string; source: string; type: string; subject?: string; time?: string };
  return { id, source, type, subject, eventTime: time === undefined ? undefined : parseTime(time), attributes, data: raw['data'] ?? null };
}

/** Without what it says: nobody knows whether that is personal. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

/** A value in an error: short, and never the whole of somebody's data. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
