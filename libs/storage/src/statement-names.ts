/** As the JDBC driver does: what is asked so often is asked again. */
const PREPARE_AFTER = 5;
/** Each takes some ten kilobytes of the server's memory on each connection. */
const MOST_PREPARED = 256;
const MOST_COUNTED = 1_024;
/** Longer texts are made of what they store. */
const LONGEST = 8_192;

/**
 * Which statements of a pool are prepared, and under what names: PostgreSQL parses a prepared one once for each connection, and half of
 * what a small statement costs is its parsing. Texts that are made anew each time are never prepared, and there is an end to their number.
 */
export class StatementNames {
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  #given = 0;

  /** To be asked once for each time that the statement is run; undefined: it is not prepared. */
  nameOf(text: string): string | undefined {
    const name = this.#names.get(text);
    if (name !== undefined) return name;
    if (text.length > LONGEST || this.#names.size >= MOST_PREPARED) return undefined;
    return this.#count(text) < PREPARE_AFTER ? undefined : this.#giveTo(text);
  }

  /** What the server has under the statement's name is of no use any more. */
  renew(text: string): void {
    if (this.#names.has(text)) this.#giveTo(text);
  }

  #giveTo(text: string): string {
    this.#given += 1;
    const name = `s${this.#given}`;
    this.#names.set(text, name);
    this.#counts.delete(text);
    return name;
  }

  #count(text: string): number {
    if (this.#counts.size >= MOST_COUNTED) this.#counts.clear();
    const count = (this.#counts.get(text) ?? 0) + 1;
    this.#counts.set(text, count);
    return count;
  }
}
