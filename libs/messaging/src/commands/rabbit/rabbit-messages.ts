import { createHash } from 'node:crypto';
import type { Message, Options } from 'amqplib';
import type { DeadCommand, OutgoingCommand } from '../queue.ts';
import { DELIVERY_LIMIT } from './rabbit-topology.ts';

/** Attempts before this message: RabbitMQ counts deliveries of one message, and a retry is a message of its own. */
const ATTEMPTS = 'roofshot-attempts';
/** Milliseconds to wait after the present delay. */
const DELAY_LEFT = 'roofshot-delay-left';
const FIRST_FAILED_AT = 'roofshot-first-failed-at';
/** Where AMQP's own property has no room for it. */
const ID = 'roofshot-id';
const REASON = 'roofshot-reason';
const QUEUE = 'roofshot-queue';
const DIED_AT = 'roofshot-died-at';
/** RabbitMQ's own (x-death, x-delivery-count, …) and ours are no headers of the command. */
const FOREIGN = /^(x-|roofshot-)/;
const MAX_SHORT_TEXT_BYTES = 255;

/** A message for a queue, as it goes over the wire. */
export interface RabbitMessage {
  readonly queue: string;
  readonly content: Buffer;
  readonly options: Options.Publish;
}

/** What a queue holds for a command: the message's own bytes, so that also one that cannot be read goes on as it came. */
export interface HeldCommand {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Buffer;
  /** Attempts that have ended before. */
  readonly attempts: number;
  readonly delayLeftMs: number;
  /** Epoch milliseconds of the first retry, where there was one. */
  readonly firstFailedAt?: number;
  /** Set when it is no command: why. */
  readonly fault?: string;
}

export function heldOf({ id, headers, payload }: OutgoingCommand): HeldCommand {
  return { id, headers, content: Buffer.from(payload), attempts: 0, delayLeftMs: 0 };
}

export function readMessage({ content, properties, fields }: Message): HeldCommand {
  const raw = (properties.headers ?? {}) as Readonly<Record<string, unknown>>;
  const { messageId, type, correlationId } = properties as { messageId?: string; type?: string; correlationId?: string };
  const redelivered = Number(raw['x-delivery-count'] ?? 0) || (fields.redelivered ? 1 : 0);
  const id = textOf(raw[ID]) ?? messageId;
  const told = { ...(type !== undefined && { type }), ...(correlationId !== undefined && { correlationid: correlationId }) };
  const held = {
    headers: { ...told, ...ownHeaders(raw) },
    content,
    attempts: numberOf(raw[ATTEMPTS]) + redelivered,
    delayLeftMs: numberOf(raw[DELAY_LEFT]),
    ...(numberOf(raw[FIRST_FAILED_AT]) > 0 && { firstFailedAt: numberOf(raw[FIRST_FAILED_AT]) }),
  };
  if (id !== undefined && id !== '') return { id, ...held };
  return { id: `without-id-${createHash('sha256').update(content).digest('hex').slice(0, 16)}`, ...held, fault: NO_ID };
}

const NO_ID =
  'It had no message id, by which a command is recognised when it comes twice. Its sender must set one; it was given one here, with which it can be sent again.';

/** `delayLeftMs`: to wait after the queue that it is sent to. */
export function messageFor(
  queue: string,
  held: HeldCommand,
  { attempts, delayLeftMs = 0 }: { attempts: number; delayLeftMs?: number },
): RabbitMessage {
  const extra = delayLeftMs === 0 ? {} : { [DELAY_LEFT]: delayLeftMs };
  return message(queue, held, { [ATTEMPTS]: attempts, ...extra });
}

/** `attempt`: the one in which it died. */
export function deadMessageFor(
  queue: string,
  held: HeldCommand,
  death: { readonly from: string; readonly attempt: number; readonly reason: string },
): RabbitMessage {
  return message(queue, held, { [ATTEMPTS]: death.attempt, [QUEUE]: death.from, [REASON]: death.reason, [DIED_AT]: Date.now() });
}

function message(
  queue: string,
  { id, headers, content, firstFailedAt }: HeldCommand,
  own: Readonly<Record<string, unknown>>,
): RabbitMessage {
  const [isShort, correlationId] = [fits(id), headers['correlationid']];
  const options = {
    persistent: true,
    mandatory: true,
    contentType: 'application/json',
    ...(isShort && { messageId: id }),
    ...(correlationId !== undefined && fits(correlationId) && { correlationId }),
    headers: {
      ...headers,
      ...own,
      ...(firstFailedAt !== undefined && { [FIRST_FAILED_AT]: firstFailedAt }),
      ...(!isShort && { [ID]: id }),
    },
  };
  return { queue, content, options };
}

/** Also what RabbitMQ itself has put there: a command whose consumers died until the limit. */
export function readDeadLetter(queue: string, letter: Message): DeadCommand {
  const { id, headers, content, attempts, firstFailedAt } = readMessage(letter);
  const raw = (letter.properties.headers ?? {}) as Readonly<Record<string, unknown>>;
  const counted = numberOf(raw[ATTEMPTS]); // without how often it was looked at here
  const common = { queue, id, headers, payload: content.toString(), ...(firstFailedAt !== undefined && { firstFailedAt }) };
  const reason = textOf(raw[REASON]);
  if (reason !== undefined) return { ...common, attempt: counted, reason, diedAt: numberOf(raw[DIED_AT]) };
  const { time } = deathOf(raw);
  if (time === undefined)
    return { ...common, attempt: attempts + 1, reason: 'It was put here by somebody else, who gave no reason.', diedAt: 0 };
  return { ...common, attempt: counted + DELIVERY_LIMIT + 1, reason: CRASHES, code: 'crashed', diedAt: time };
}

const CRASHES = `It was delivered ${DELIVERY_LIMIT + 1} times and its consumer died, or lost its connection, each time.`;

function deathOf(raw: Readonly<Record<string, unknown>>): { readonly time?: number } {
  const [first] = (raw['x-death'] ?? []) as readonly { readonly time?: { readonly value?: number } }[];
  const seconds = first?.time?.value;
  return seconds === undefined ? {} : { time: seconds * 1_000 };
}

function ownHeaders(raw: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(raw).flatMap(([name, value]) => {
      const text = FOREIGN.test(name) ? undefined : textOf(value);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : 0);
const fits = (text: string): boolean => text !== '' && Buffer.byteLength(text) <= MAX_SHORT_TEXT_BYTES;
