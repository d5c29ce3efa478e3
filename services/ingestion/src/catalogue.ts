/** The declared event types with their compiled schemas. Immutable: a change makes a new catalogue. */
import type { EventTypeSpec } from '@roofshot/contracts/resources/event-type';
import { suggest } from '@roofshot/runtime/nearest';
import { parseDuration } from '@roofshot/runtime/durations';
import { compileSchema, type SchemaFault } from './compile-schema.ts';

export interface DeclaredType {
  readonly name: string;
  readonly generation: number;
  readonly knownTimeAttribute: string | undefined;
  readonly maxDelayMs: number | undefined;
  readonly schema: EventTypeSpec['schema'];
  /** JSON pointers into the data that hold personal data. */
  readonly pii: readonly string[];
  /** The first fault of the data, or undefined. */
  readonly schemaFault: (data: unknown) => SchemaFault | undefined;
}

export interface Declaration {
  readonly name: string;
  readonly generation: number;
  readonly spec: EventTypeSpec;
}

export class Catalogue {
  readonly #types: ReadonlyMap<string, DeclaredType>;

  private constructor(types: ReadonlyMap<string, DeclaredType>) {
    this.#types = types;
  }

  static readonly empty = new Catalogue(new Map());

  /** The catalogue of these declarations; what has not changed since `before` is not compiled again. */
  static of(declarations: readonly Declaration[], before: Catalogue): Catalogue {
    const types = declarations.map((declaration) => {
      const known = before.find(declaration.name);
      return known?.generation === declaration.generation ? known : compileType(declaration);
    });
    return new Catalogue(new Map(types.map((type) => [type.name, type])));
  }

  /** Some declaration here has a higher generation than the same one in `rows`. */
  isNewerThan(rows: readonly Declaration[]): boolean {
    return rows.some(({ name, generation }) => (this.#types.get(name)?.generation ?? 0) > generation);
  }

  find(name: string): DeclaredType | undefined {
    return this.#types.get(name);
  }

  /** Types whose events carry their own known time: imports and replays. */
  importers(): DeclaredType[] {
    return [...this.#types.values()].filter((type) => type.knownTimeAttribute !== undefined);
  }

  /** Types whose events are stamped when they are published. */
  live(): DeclaredType[] {
    return [...this.#types.values()].filter((type) => type.knownTimeAttribute === undefined);
  }

  suggest(name: string): string {
    return suggest(name, [...this.#types.keys()]);
  }
}

function compileType({ name, generation, spec }: Declaration): DeclaredType {
  return {
    name,
    generation,
    knownTimeAttribute: spec.knownTime,
    maxDelayMs: spec.maxDelay === undefined ? undefined : parseDuration(spec.maxDelay),
    schema: spec.schema,
    pii: spec.pii ?? [],
    schemaFault: checkOf(name, spec.schema),
  };
}

/** A schema that an earlier version took and this one refuses must not keep the other types from being read. */
function checkOf(name: string, schema: EventTypeSpec['schema']): DeclaredType['schemaFault'] {
  try {
    return compileSchema(schema);
  } catch (error) {
    const message = `The schema of EventType ${name} cannot be used: ${(error as Error).message}. Correct and apply it, then send the event again.`;
    return () => ({ path: '', message });
  }
}
