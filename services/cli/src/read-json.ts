/** A YAML document's nodes as JSON: what YAML allows and JSON does not have is a fault, and so are aliases that have no end. */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar, type YAMLMap, type YAMLSeq } from 'yaml';

/** Characters of one document with its aliases written out: as much as an owner takes in a request. */
const MOST_EXPANDED = 16 * 1024 * 1024;

export interface DocumentFault {
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

export interface ReadJson {
  /** Undefined where there are faults. */
  readonly value: unknown;
  readonly faults: readonly DocumentFault[];
}

/** Aliases share the value of their anchor. The nodes must not be nested so deep that recursion has no room. */
export function readJson(contents: Node | null, lineAt: (offset: number) => number): ReadJson {
  const reader = new NodeReader(lineAt);
  const { value } = reader.read(contents);
  return { value: reader.faults.length > 0 ? undefined : value, faults: reader.faults };
}

interface Read {
  readonly value: unknown;
  /** Characters when it is written out. */
  readonly size: number;
}

const NOTHING: Read = { value: null, size: 0 };

class NodeReader {
  readonly faults: DocumentFault[] = [];
  readonly #lineAt: (offset: number) => number;
  /** Undefined: it is being read. */
  readonly #anchors = new Map<string, Read | undefined>();
  #isTooLarge = false;

  constructor(lineAt: (offset: number) => number) {
    this.#lineAt = lineAt;
  }

  read(node: Node | null): Read {
    if (isAlias(node)) return this.#readAlias(node.source, node);
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
    if (anchor !== undefined) this.#anchors.set(anchor, undefined);
    const read = this.#readPlain(node);
    if (anchor !== undefined) this.#anchors.set(anchor, read);
    if (node !== null && read.size > MOST_EXPANDED) this.#refuseSize(node);
    return read;
  }

  #readPlain(node: Node | null): Read {
    if (isScalar(node)) return this.#readScalar(node);
    if (isMap(node)) return this.#readMap(node as YAMLMap<Node | null, Node | null>);
    return isSeq(node) ? this.#readList(node as YAMLSeq<Node | null>) : NOTHING;
  }

  #readAlias(name: string, alias: Node): Read {
    const read = this.#anchors.get(name);
    if (read !== undefined) return read;
    const isOpen = this.#anchors.has(name);
    if (isOpen) this.#tell(alias, `*${name} stands inside of &${name} itself, so it has no end. Write out what is meant.`);
    else this.#tell(alias, `There is no anchor &${name} above this *${name}. Correct the name, or set the anchor first.`);
    return NOTHING;
  }

  #readScalar(scalar: Scalar): Read {
    const { value, source = '' } = scalar;
    if (typeof value === 'number' && !Number.isFinite(value))
      this.#tell(scalar, `${source} is no finite number. Write one, or put it in quotes as a text.`);
    if (/^[-+]?\d+$/.test(source) && typeof value === 'number' && !Number.isSafeInteger(value))
      this.#tell(scalar, `${source} has more digits than a number keeps. Write a smaller one, or put it in quotes as a text.`);
    if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed()))
      this.#tell(scalar, 'This text holds U+0000 or half of a surrogate pair, which cannot be kept. Remove it.');
    if (typeof value === 'object' && value !== null)
      this.#tell(scalar, `${source} is read as a value that JSON does not have. Put it in quotes.`);
    return { value, size: source.length };
  }

  #readList({ items }: YAMLSeq<Node | null>): Read {
    const reads = items.map((item) => this.read(item));
    return { value: reads.map(({ value }) => value), size: reads.reduce((sum, { size }) => sum + size + 1, 2) };
  }

  #readMap({ items }: YAMLMap<Node | null, Node | null>): Read {
    const lines = new Map<string, number>();
    const entries: [string, unknown][] = [];
    let total = 2;
    for (const pair of items) {
      const name = this.#readKey(pair, lines);
      const { value, size } = this.read(pair.value);
      entries.push([name, value]);
      total += name.length + size + 2;
    }
    // Makes `__proto__` a property like any other.
    return { value: Object.fromEntries(entries), size: total };
  }

  #readKey({ key }: Pair<Node | null, Node | null>, lines: Map<string, number>): string {
    if (key !== null && !isScalar(key)) {
      this.#tell(key, 'A key must be a text here. Write it out.');
      return '';
    }
    const name = String((key === null ? null : this.read(key).value) ?? '');
    const line = this.#lineAt(key?.range?.[0] ?? 0);
    const before = lines.get(name);
    if (before === undefined) lines.set(name, line);
    else this.faults.push({ line, message: `The key ${name} is here twice; first in line ${before}. Keep one.` });
    return name;
  }

  #refuseSize(node: Node): void {
    if (this.#isTooLarge) return;
    this.#isTooLarge = true;
    this.#tell(node, `With its aliases written out this is larger than ${MOST_EXPANDED / 1024 / 1024} MiB. Use fewer, or split the set.`);
  }

  #tell(node: Node, message: string): void {
    this.faults.push({ line: this.#lineAt(node.range?.[0] ?? 0), message });
  }
}
