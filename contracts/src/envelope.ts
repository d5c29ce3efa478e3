/** CloudEvents 1.0 context attributes plus the platform's extensions. Sources: CloudEvents 1.0.2, distributed tracing and partitioning extensions. */
export interface CloudEvent<T extends string = string, D = unknown> {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: T;
  readonly subject?: string;
  /** Event time: when it happened (RFC 3339 with offset). */
  readonly time: string;
  readonly datacontenttype?: string;
  readonly dataschema?: string;
  readonly data: D;
  /** Known time: when the platform accepted it, or what an importer declared. Travels in the log. */
  readonly knowntime: string;
  /** W3C trace context of the request that caused it. */
  readonly traceparent?: string;
  /** One id from the first request to the last decision. */
  readonly correlationid?: string;
}

/** Where a record lies on the log. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/**
 * The type of a control record: «every event of this topic with an earlier event time has been sent».
 * An importer says it through ingestion, once per step; it lies in every partition of the importer's topics,
 * so each reader learns of progress in log order and without a wall clock. Readers that do not care skip it.
 * In a live stream, whose known times the platform stamps, ingestion says it of itself and of known times: «every event that was known
 * until this time lies before this record, and what follows was known after it».
 */
export const SOURCE_PROGRESSED = 'source.progressed';

/**
 * The type of what is left of a record whose subject was erased: its id, source, times and offset, no subject and null data. Readers skip
 * it, as they do what they do not know.
 */
export const EVENT_ERASED = 'event.erased';

/** Attributes that travel as headers (`ce_<name>`) in binary mode; everything but `data`. */
export const ATTRIBUTES = [
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'datacontenttype',
  'dataschema',
  'knowntime',
  'traceparent',
  'correlationid',
] as const satisfies readonly (keyof CloudEvent)[];
