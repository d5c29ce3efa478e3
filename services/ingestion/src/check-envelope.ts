/**
 * The validity rules of CloudEvents 1.0.2 for one event in JSON form. What is not JSON at all is the reader's affair (read-events.ts).
 * The first fault found is the verdict: a sender mends one thing at a time.
 */
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
const TIME = /^(\d{4})-(\d{2})-(\d{2})[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const JSON_TYPE = /^application\/([a-z0-9.-]+\+)?json($|;)|^text\/json($|;)/i;
const REQUIRED = ['id', 'source', 'type'] as const;

export function checkEnvelope(value: unknown): { envelope: Envelope } | { refusal: Refusal } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('', `An event is a JSON object; this is ${describe(value)}.`);
  }
  const raw = value as Readonly<Record<string, unknown>>;
  const fault = requiredFault(raw) ?? attributeFault(raw) ?? optionalFault(raw) ?? dataFault(raw);
  return fault ?? { envelope: envelopeOf(raw) };
}

/** Epoch milliseconds of an RFC 3339 time with offset; undefined when it is none. */
export function parseTime(text: string): number | undefined {
  const [, year, month, day] = TIME.exec(text) ?? [];
  // `Date.parse` refuses hours and months that do not exist, but takes 31 February for 3 March.
  if (day === undefined || Number(day) > daysIn(Number(year), Number(month))) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
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
  return undefined;
}

function attributeFault(raw: Readonly<Record<string, unknown>>): Fault | undefined {
  for (const name in raw) {
    if (name === 'data' || name === 'data_base64') continue;
    if (!NAME.test(name)) return refuse(pointer(name), `The attribute name "${name}" may hold lower-case letters and digits only.`);
    const value = raw[name];
    if (value === null || typeof value === 'string' || typeof value === 'boolean') continue;
    if (typeof value === 'number' && Number.isInteger(value)) continue;
    return refuse(
      pointer(name),
      `An attribute is a text, an integer or a boolean; ${name} is ${describe(value)}. Put structured values into data.`,
    );
  }
  return undefined;
}

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
  return undefined;
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

const pointer = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** A value in an error: short, and never the whole of somebody's data. */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
