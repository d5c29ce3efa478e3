import type { TObject, TSchema } from 'typebox';

/** What a body of one media type holds. */
export interface Content {
  readonly schema?: TSchema;
  /** By a name of a few words; each is valid. */
  readonly examples?: Readonly<Record<string, unknown>>;
}

/** By media type. */
export type Contents = Readonly<Record<string, Content>>;

/** Of a request that names its sender; the names are those in `components.securitySchemes`. */
export type SecurityScheme = 'bearer' | 'basic';

/** What a route's document says beside what checks its requests: for routes that read their bodies and headers themselves. */
export interface RouteDetails {
  readonly description?: string;
  /** Request bodies; instead of what `body` and `consumes` say. */
  readonly bodies?: Contents;
  /** Whether a request may come without a body. */
  readonly isBodyOptional?: boolean;
  /** Headers of the request, by their names in lower case. */
  readonly headers?: TObject;
  /** Answers without fault; instead of what `response` and `produces` say. */
  readonly answers?: Contents;
  /** By status: when it is refused. */
  readonly refusals?: Readonly<Record<number, string>>;
  /** What a refusal holds; default problem details. */
  readonly refusal?: Contents;
  /** Any of these, or none. */
  readonly security?: readonly SecurityScheme[];
}
