/** What may be told of events, by their declared types. */
import { acceptedEvents, refusedEvents } from '@roofshot/contracts/events';
import { openSecretHash, type SecretHash } from '@roofshot/storage/secret-hash';
import type { Sql } from '@roofshot/storage/sql';
import type { Catalogue, DeclaredType } from '../catalogue.ts';
import type { EventTypes } from '../event-types.ts';
import { maskOf, type Mask } from '@roofshot/runtime/mask-data';
import { hasMarks } from './check-marks.ts';
import { maskRefused, type RefusedText } from './mask-refused.ts';

type Data = Readonly<Record<string, unknown>>;

/** Of each value 96 bits: within one installation two different ones look alike once in 2^48. */
const HEX_DIGITS = 24;

export class Masks {
  readonly types: EventTypes;
  readonly #sql: Sql;
  readonly #masks = new WeakMap<DeclaredType, Mask>();
  #hash: SecretHash | undefined;

  constructor(types: EventTypes, sql: Sql) {
    this.types = types;
    this.#sql = sql;
  }

  /** As the types are declared now. */
  async current(): Promise<CurrentMasks> {
    const hash = (this.#hash ??= await openSecretHash(this.#sql, 'ingestion'));
    const hashText = (text: string): string => `hmac:${hash(`personal ${text}`).toString('hex').slice(0, HEX_DIGITS)}`;
    return new CurrentMasks(await this.types.current(), (type) => this.#maskOf(type, hashText));
  }

  #maskOf(type: DeclaredType, hash: (text: string) => string): Mask {
    const known = this.#masks.get(type);
    if (known !== undefined) return known;
    const mask = maskOf(type.schema, { pointers: type.pii, hash });
    this.#masks.set(type, mask);
    return mask;
  }
}

export class CurrentMasks {
  readonly #catalogue: Catalogue;
  readonly #maskOf: (type: DeclaredType) => Mask;

  constructor(catalogue: Catalogue, of: (type: DeclaredType) => Mask) {
    this.#catalogue = catalogue;
    this.#maskOf = of;
  }

  /** Undefined where the type is not declared: nobody says what of its data is personal, so nothing of it is told. */
  of(eventType: string): Mask | undefined {
    const type = this.#catalogue.find(eventType);
    return type === undefined ? undefined : this.#maskOf(type);
  }

  /** Whether its data may hold something personal; of a type that is not declared nobody knows. */
  isPersonal(eventType: string): boolean {
    const type = this.#catalogue.find(eventType);
    return type === undefined || type.pii.length > 0 || hasMarks(type.schema);
  }

  /** A refused event as it may be listed. */
  refused<R extends RefusedText>(refused: R): Omit<R, 'original'> & { readonly original: string | null } {
    const mask = this.of(refused.eventType);
    if (mask === undefined || !this.isPersonal(refused.eventType)) return maskRefused(refused, mask);
    // A text in the place of fields (data that was no JSON) may hold those that are marked.
    return maskRefused(refused, (data) => (typeof data === 'string' ? undefined : mask(data)));
  }

  /** What may be told of the data of a record on the log. The platform's own messages say nothing personal but ids. */
  dataOn(topic: string, data: Data): Data {
    if (topic === refusedEvents.name) return this.refused(data as unknown as RefusedText) as unknown as Data;
    if (!topic.startsWith(acceptedEvents.prefix)) return data;
    return (this.of(topic.slice(acceptedEvents.prefix.length))?.(data) ?? {}) as Data;
  }
}
