import type { Finding } from './incompatibility.ts';
import type { SchemaNode } from './json-schema-document.ts';
import type { Kind } from './json-schema-parts.ts';

/** One step of a comparison: what is known of the data, and the schema that shall accept them. */
export interface Case {
  /** All of these hold for the data that were written. `$ref` and `allOf` are followed. */
  readonly written: readonly SchemaNode[];
  readonly kinds: ReadonlySet<Kind>;
  readonly read: SchemaNode;
  /** Whether a missing property can take its default: not where a schema is only tried. */
  readonly fillsDefaults: boolean;
  readonly compare: Compare;
}

/** Everything that the reading schema refuses of data for which all of the written hold. Empty: it accepts all of them. */
export type Compare = (written: readonly SchemaNode[], read: SchemaNode, fillsDefaults: boolean) => Finding[];

/** A rule reads some keywords of the reading schema. */
export type Rule = (given: Case) => Finding[];
