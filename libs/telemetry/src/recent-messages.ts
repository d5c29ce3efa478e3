/** What a service said on a topic or to a queue, without what only the receivers need. */
export interface SaidMessage {
  readonly service: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly kind: 'event' | 'command';
  readonly type: string;
  readonly subject?: string;
  readonly correlationId?: string;
  /** Of decisions and refused events only, shortened by whoever notes it. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface NumberedMessage extends SaidMessage {
  /** Rises by one with each message of this process. */
  readonly seq: number;
}

/** Of each type: one that comes by the thousand must not push out the decision of an hour ago. */
const OF_A_TYPE = 20;
/** Types of all services; users declare some of them. The one that was silent longest is forgotten first. */
const TYPES = 200;

/** What was said last, in this process, for a live view: the last 20 messages of each type of each service. */
export class MessageRing {
  readonly #types = new Map<string, NumberedMessage[]>();
  #seq = 0;

  /** Cheap enough for every transaction. */
  note(message: SaidMessage): void {
    this.#seq += 1;
    const name = `${message.service} ${message.kind} ${message.type}`;
    const messages = this.#types.get(name) ?? [];
    messages.push({ ...message, seq: this.#seq });
    if (messages.length > OF_A_TYPE) messages.shift();
    this.#types.delete(name); // set anew, it is the last in the map's order
    this.#types.set(name, messages);
    if (this.#types.size > TYPES) this.#types.delete(this.#types.keys().next().value ?? '');
  }

  /** In the order in which they were said, those after `seq`; of one service when it is named. */
  since(seq: number, service?: string): NumberedMessage[] {
    return [...this.#types.values()]
      .flat()
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
