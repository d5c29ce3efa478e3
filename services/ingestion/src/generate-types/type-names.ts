/** Names of generated types: of letters and digits, beginning with the event's, each once. */

/** Steps of a place in a schema that say nothing. */
const SILENT = new Set(['properties', '$defs', 'definitions', 'patternProperties', 'items', 'prefixItems', 'allOf', 'anyOf', 'oneOf', '']);

export class TypeNames {
  readonly #base: string;
  readonly #taken: Set<string>;

  /** `reserved`: what the language, or the text around the types, has a meaning for. */
  constructor(eventType: string, reserved: Iterable<string> = []) {
    const base = pascal(eventType);
    this.#base = /^[A-Z]/.test(base) ? base : `Event${base}`;
    this.#taken = new Set(reserved);
  }

  /** Whether the name has a meaning already, or may get one: those of types begin with the event's. */
  isTaken(name: string): boolean {
    return this.#taken.has(name) || name.startsWith(this.#base);
  }

  /** A name that begins with the event's and that nobody has: with a number where another wanted the same. */
  claim(...words: readonly string[]): string {
    return this.#claim(this.#base + words.map(pascal).join(''));
  }

  /** Of what lies within a type: the type's name, and the steps from there. */
  claimWithin([outer = this.#base, ...steps]: readonly string[]): string {
    return this.#claim(outer + steps.map(pascal).join(''));
  }

  #claim(wanted: string): string {
    for (let number = 1; ; number += 1) {
      const name = number === 1 ? wanted : `${wanted}${number}`;
      if (this.#taken.has(name)) continue;
      this.#taken.add(name);
      return name;
    }
  }

  /** Of what lies at a place in the schema: `#/$defs/postal-address` → `…PostalAddress`. */
  claimFor(path: string): string {
    const steps = path.slice(path.indexOf('#') + 1).split('/');
    const words = steps.filter((step) => !SILENT.has(step)).map((step) => step.replaceAll('~1', ' ').replaceAll('~0', ' '));
    return words.every((word) => pascal(word) === '') ? this.claim('part') : this.claim(...words);
  }
}

/** `postal-address` → `PostalAddress`. What is neither letter nor digit of ASCII is left out. */
function pascal(text: string): string {
  const words = text.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
