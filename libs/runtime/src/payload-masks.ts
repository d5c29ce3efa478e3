/** What lists of messages may show of their payloads. */
import { Injectable } from '@nestjs/common';
import { acceptedEvents, refusedEvents, type EventTypeChanged } from '@roofshot/contracts/events';
import { OTHERS, type DataOf } from '@roofshot/contracts/define';
import { allTopics } from '@roofshot/contracts/topics';
import { maskOf, type Mask } from './mask-data.ts';

/** The platform's own messages say nothing personal but ids, except for refused events, which are held whole. What others write is not its own. */
const CONTRACTS = new Set(allTopics.filter((topic) => topic !== refusedEvents && topic.owner !== OTHERS).map(({ name }) => name));
const SHOW_ALL: Mask = (data) => data;

/** Stands for a payload that may not be shown. */
const HIDDEN = '[hidden: what of it is personal is not known here]';

/**
 * By what a service has heard of the declared event types. Users' events of types that it has not heard of, and records of topics that
 * are not the platform's, are not shown: nobody says what is personal in them.
 */
@Injectable()
export class PayloadMasks {
  readonly #masks = new Map<string, Mask>();

  /** As `event-types.v1` says it. */
  declare({ name, deleted, personal }: DataOf<typeof EventTypeChanged>): void {
    if (deleted || personal === undefined) this.#masks.delete(name);
    else this.#masks.set(name, personal === null ? SHOW_ALL : maskOf(personal.schema, { pointers: personal.pointers }));
  }

  /** Of a record on a topic. */
  showEvent(topic: string, data: unknown): unknown {
    if (CONTRACTS.has(topic)) return data;
    if (!topic.startsWith(acceptedEvents.prefix)) return HIDDEN;
    const mask = this.#masks.get(topic.slice(acceptedEvents.prefix.length));
    if (mask === SHOW_ALL) return data;
    // What is no object has none of the fields that are marked, and may be the text of one that could not be read.
    return mask === undefined || typeof data !== 'object' ? HIDDEN : (mask(data) ?? HIDDEN);
  }

  /** Of a command; an order to erase names whom. */
  showCommand(type: string | null, data: unknown): unknown {
    if (type?.endsWith('.erase-subject') !== true || typeof data !== 'object' || data === null) return data;
    return { ...data, subject: HIDDEN };
  }
}
