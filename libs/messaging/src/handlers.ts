/**
 * The words in which a service says what it hears (its `handlers.ts`). Types run from the contract to the parameter:
 * a missing event type does not compile, and `'ignore'` must be said.
 */
import type {
  CommandDefinition,
  CommandOf,
  DataOf,
  EventDefinition,
  EventOf,
  EventsOf,
  TopicDefinition,
  TopicFamily,
} from '@roofshot/contracts/define';
import type { CloudEvent, Position } from '@roofshot/contracts/envelope';
import type { Queryable } from '@roofshot/storage/sql';
import type { LogRecord, OutgoingRecord } from './events/bus.ts';

/** What became of a message. A throw means: try again with back-off, then park or dead-letter. Returning nothing does not compile. */
export type Outcome =
  { readonly kind: 'done' } | { readonly kind: 'skip'; readonly reason: string } | { readonly kind: 'reject'; readonly reason: string };
export const done = (): Outcome => ({ kind: 'done' });
export const skip = (reason: string): Outcome => ({ kind: 'skip', reason });
/** Dead letter now: trying again cannot help. */
export const reject = (reason: string): Outcome => ({ kind: 'reject', reason });

/** Thrown by a handler when something outside is away for the moment: tried again until it is back, never parked or dead-lettered. */
export class TryAgain extends Error {
  override readonly name = 'TryAgain';
}

/** The part of a message that its consequences carry on. */
export interface Cause {
  readonly correlationid?: string;
  readonly traceparent?: string;
}

/** What a caller gives for an event; the envelope is completed from the context (source, trace, correlation, clock). */
export interface NewEvent<T extends string, D> {
  readonly type: T;
  readonly data: D;
  readonly subject?: string;
  /** Event time; default now. */
  readonly time?: string;
  /** Default a random UUID. Give one that derives from the cause where a re-send must be recognised. */
  readonly id?: string;
  /** The message that caused it: its trace and correlation go on. Default: what the code works for; say it where a batch has many causes. */
  readonly cause?: Cause;
}
type NewEventFor<D> = D extends EventDefinition<infer T> ? NewEvent<T, DataOf<D>> : never;
export type NewEventOf<T> = T extends TopicDefinition<string, infer E> ? NewEventFor<E[number]> : never;

export interface Publisher {
  publish<T extends TopicDefinition>(topic: T, events: readonly NewEventOf<T>[]): void;
  /** Records of a topic family, already in binary mode: events whose contract is their user's, not ours. */
  forward(records: readonly OutgoingRecord[]): void;
  send<C extends CommandDefinition>(command: C, data: DataOf<C>, options?: { readonly delayMs?: number }): void;
}

/**
 * One database transaction with what it says: state, outgoing events and commands become visible together or not at all.
 * `publish` and `send` only collect; the delivery writes them as the transaction's last statements.
 */
export interface Tx extends Queryable, Publisher {}

/** An event as it was read. */
export type Received<E extends CloudEvent> = E & { readonly position: Position };

export interface EventBatch<E extends CloudEvent = CloudEvent> {
  readonly topic: string;
  readonly partition: number;
  /** In log order. Control records are not among them. */
  readonly events: readonly Received<E>[];
  /** Every event of the topic before this event time has been sent (the greatest `source.progressed` in the batch). */
  readonly progress: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** Records of one partition as they lie on the log, in its order: whether they can be read is the handler's to judge. */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly LogRecord[];
  readonly start: number;
  readonly end: number;
}

/** What a batch of records came to, in two steps. */
export interface TakenRecords {
  /** In the transaction that moves past the records; may run more than once. */
  write(tx: Tx): Promise<void>;
  /** After its commit: counts and lines of the log. */
  committed(): void;
}

// Keyed by the union of type names: a mapped type over the definitions themselves would leave the parameters untyped.
type Each<D extends EventDefinition> = {
  readonly [K in D['type']]: ((event: Received<EventOf<Extract<D, { type: K }>>>, tx: Tx) => Outcome | Promise<Outcome>) | 'ignore';
};
type Fold<D extends EventDefinition> = {
  readonly [K in D['type']]: ((event: Received<EventOf<Extract<D, { type: K }>>>) => void | Promise<void>) | 'ignore';
};

// The erased forms: what the delivery works with after validation. Only `on`, `onBatch`, `follow` and `handle` below make them.
export interface EachHandler {
  readonly kind: 'each';
  readonly topic: TopicDefinition;
  readonly each: Readonly<Record<string, ((event: Received<CloudEvent>, tx: Tx) => Outcome | Promise<Outcome>) | 'ignore'>>;
}
export interface BatchHandler {
  readonly kind: 'batch';
  readonly topic: TopicDefinition | TopicFamily;
  readonly batch: (batch: EventBatch, tx: Tx) => Promise<void>;
  readonly options: BatchOptions;
}
export interface RecordsHandler {
  readonly kind: 'records';
  readonly topic: TopicDefinition;
  readonly take: (batch: RecordBatch) => Promise<TakenRecords>;
}
/** The handlers of which the processes of a service share the partitions. */
export type SharedHandler = EachHandler | BatchHandler | RecordsHandler;
export interface FollowHandler {
  readonly kind: 'follow';
  readonly topic: TopicDefinition;
  readonly each: Readonly<Record<string, ((event: Received<CloudEvent>) => void | Promise<void>) | 'ignore'>>;
}
export interface CommandHandler {
  readonly kind: 'command';
  readonly command: CommandDefinition;
  readonly run: (command: CommandOf<CommandDefinition>, tx: Tx) => Outcome | Promise<Outcome>;
  readonly concurrency: number;
}
export type Handler = SharedHandler | FollowHandler | CommandHandler;

export interface BatchOptions {
  /** After the commit, before the position counts as reached for waiting readers: writes to stores that can be rebuilt. Must not throw. */
  readonly afterCommit?: (batch: EventBatch) => Promise<void>;
  /** The partition has no more records: lets a live source's clock advance. Runs at most once a second. */
  readonly caughtUp?: (partition: { readonly topic: string; readonly partition: number }) => Promise<void>;
}

/** One event at a time, in order per key; its effects, its messages and the position are one transaction. */
export function on<E extends readonly EventDefinition[]>(topic: TopicDefinition<string, E>, each: Each<E[number]>): EachHandler {
  return { kind: 'each', topic, each: each as unknown as EachHandler['each'] };
}

/** A batch folded into state exactly once: state, messages and position in one transaction, fenced by the lease's epoch. */
export function onBatch<T extends TopicDefinition>(
  topic: T,
  batch: (batch: EventBatch<EventsOf<T>>, tx: Tx) => Promise<void>,
  options?: BatchOptions,
): BatchHandler;
export function onBatch(topic: TopicFamily, batch: (batch: EventBatch, tx: Tx) => Promise<void>, options?: BatchOptions): BatchHandler;
export function onBatch(
  topic: TopicDefinition | TopicFamily,
  batch: (batch: never, tx: Tx) => Promise<void>,
  options: BatchOptions = {},
): BatchHandler {
  return { kind: 'batch', topic, batch: batch as BatchHandler['batch'], options };
}

/**
 * Records that others write, undecoded and exactly once: what the handler writes, its messages and the position are one transaction.
 * `take` runs before it. No key is parked: a record that alone makes the handler throw goes to the dead letters, and the next ones go on.
 */
export function onRecords(topic: TopicDefinition, take: (batch: RecordBatch) => Promise<TakenRecords>): RecordsHandler {
  return { kind: 'records', topic, take };
}

/** The whole topic folded into memory from its start, in every process; the service is ready when it has caught up. For small, kept topics. */
export function follow<E extends readonly EventDefinition[]>(topic: TopicDefinition<string, E>, each: Fold<E[number]>): FollowHandler {
  return { kind: 'follow', topic, each: each as unknown as FollowHandler['each'] };
}

/** The one handler of a command. Its effects, its messages and the inbox row are one transaction. Long work: accept here, run under a lease. */
export function handle<C extends CommandDefinition>(
  command: C,
  run: (command: CommandOf<C>, tx: Tx) => Outcome | Promise<Outcome>,
  options: { readonly concurrency?: number } = {},
): CommandHandler {
  return { kind: 'command', command, run: run as unknown as CommandHandler['run'], concurrency: options.concurrency ?? 4 };
}
