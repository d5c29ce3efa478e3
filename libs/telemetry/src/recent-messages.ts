/** What a service said on a topic or to a queue, without what only the receivers need. */
export interface SaidMessage {
  readonly service: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly kind: 'event' | 'command';
  readonly type: string;
  readonly subject?: string;
  readonly correlationId?: string;
  /** Of decisions only, shortened by whoever notes it. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface NumberedMessage extends SaidMessage {
  /** Rises by one with each message of this process. */
  readonly seq: number;
}

/** Messages without data come by the thousand; those with data are the decisions, kept apart so that the others do not push them out. */
const CAPACITY = 100;

/** What was said last, in this process, for a live view: the last 100 messages and the last 100 decisions. */
export class MessageRing {
  readonly #messages: NumberedMessage[] = [];
  readonly #decisions: NumberedMessage[] = [];
  #seq = 0;

  /** Cheap enough for every transaction. */
  note(message: SaidMessage): void {
    this.#seq += 1;
    const ring = message.data === undefined ? this.#messages : this.#decisions;
    ring.push({ ...message, seq: this.#seq });
    if (ring.length > CAPACITY) ring.shift();
  }

  /** In the order in which they were said, those after `seq`; of one service when it is named. */
  since(seq: number, service?: string): NumberedMessage[] {
    return [...this.#messages, ...this.#decisions]
      .filter((message) => message.seq > seq && (service === undefined || message.service === service))
      .sort((a, b) => a.seq - b.seq);
  }

  /** The number of the last message; 0 before the first. */
  get last(): number {
    return this.#seq;
  }
}

/** Of the whole process, as logs and metrics are. */
export const recentMessages = new MessageRing();
