/** Whether data that were written with one Avro schema can be read with another: the specification's schema resolution. */
import type { AvroEnum, AvroField, AvroFixed, AvroRecord, AvroType } from './avro-schema.ts';
import { findingAt, incompatibilitiesOf, type ChangedSide, type Finding, type Incompatibility } from './incompatibility.ts';

/** What each type is also read as. */
const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
};

/** Everything that keeps the reading schema from reading data of the other; none: it reads all of them. */
export function avroIncompatibilities(written: AvroType, read: AvroType, changed: ChangedSide = 'reader'): Incompatibility[] {
  return incompatibilitiesOf(new Resolution().find(written, read), changed);
}

class Resolution {
  /** Records that are being compared: those that come again lie deeper in the data, and can be read if all else can. */
  readonly #open = new Set<string>();

  find(written: AvroType, read: AvroType): Finding[] {
    if (written.kind === 'union') return written.branches.flatMap((branch) => this.find(branch, read));
    if (read.kind === 'union') return this.#findInUnion(written, read);
    switch (read.kind) {
      case 'record':
        return written.kind === 'record' ? this.#findInRecord(written, read) : [mismatch(written, read)];
      case 'enum':
        return written.kind === 'enum' ? findInEnum(written, read) : [mismatch(written, read)];
      case 'fixed':
        return written.kind === 'fixed' ? findInFixed(written, read) : [mismatch(written, read)];
      case 'array':
      case 'map':
        return written.kind === read.kind ? this.find((written as typeof read).inner, read.inner) : [mismatch(written, read)];
      default:
        return written.kind === read.kind || PROMOTIONS[written.kind]?.includes(read.kind) === true ? [] : [mismatch(written, read)];
    }
  }

  #findInUnion(written: AvroType, read: AvroType & { readonly kind: 'union' }): Finding[] {
    const tried = read.branches.map((branch) => this.find(written, branch));
    if (tried.some((found) => found.length === 0)) return [];
    const alike = tried.filter((_, index) => isAlike(written, read.branches[index]));
    const missing = findingAt(read.path, {
      rule: 'MISSING_UNION_BRANCH',
      message: `Data may hold ${nameOf(written)}, which no branch of the union reads.`,
      fix: `Add ${nameOf(written)} to the union.`,
    });
    return [missing, ...alike.flat()];
  }

  #findInRecord(written: AvroRecord, read: AvroRecord): Finding[] {
    const pair = `${written.name} ${read.name}`;
    if (this.#open.has(pair)) return [];
    this.#open.add(pair);
    try {
      return [...findInName(written, read), ...read.fields.flatMap((field) => this.#findInField(written, read, field))];
    } finally {
      this.#open.delete(pair);
    }
  }

  #findInField({ fields }: AvroRecord, record: AvroRecord, read: AvroField): Finding[] {
    const matching = fields.filter(({ name }) => name === read.name || read.aliases.includes(name));
    const [field] = matching;
    if (matching.length > 1) return [ambiguous(read, matching)];
    if (field !== undefined) return this.find(field.type, read.type);
    if (read.hasDefault) return [];
    return [
      findingAt(read.path, {
        rule: 'READER_FIELD_MISSING_DEFAULT_VALUE',
        message: `Data may lack the field ${read.name} of ${record.name}, which has no default.`,
        fix: `Add a default to the field ${read.name}, or name the field that it was before among its aliases.`,
        keep: `Keep the field ${read.name} in the new schema: older readers have no default for it.`,
      }),
    ];
  }
}

const isAlike = (written: AvroType, read: AvroType | undefined): boolean =>
  read !== undefined && written.kind === read.kind && 'name' in written && 'name' in read && lastOf(written.name) === lastOf(read.name);

const lastOf = (name: string): string => name.slice(name.lastIndexOf('.') + 1);

function ambiguous({ path, name }: AvroField, matching: readonly AvroField[]): Finding {
  const names = matching.map((field) => field.name).join(' and ');
  return findingAt(path, {
    rule: 'READER_FIELD_AMBIGUOUS',
    message: `Data may hold ${names}, and all of these are read as ${name}.`,
    fix: 'Keep the alias of one of them only.',
  });
}

function findInName(written: AvroRecord | AvroEnum | AvroFixed, read: AvroRecord | AvroEnum | AvroFixed): Finding[] {
  if (written.name === read.name || read.aliases.includes(written.name)) return [];
  return [
    findingAt(`${read.path}/name`, {
      rule: 'NAME_MISMATCH',
      message: `Data are of the ${read.kind} ${written.name}, and the ${read.kind} that reads them is called ${read.name}.`,
      fix: `Keep the name ${written.name}, or add it to the aliases of ${read.name} with its namespace.`,
      keep: `Keep the name ${read.name}: older readers know no other.`,
    }),
  ];
}

function findInEnum(written: AvroEnum, read: AvroEnum): Finding[] {
  const missing = read.hasDefault ? [] : written.symbols.filter((symbol) => !read.symbols.includes(symbol));
  if (missing.length === 0) return findInName(written, read);
  return [
    ...findInName(written, read),
    findingAt(`${read.path}/symbols`, {
      rule: 'MISSING_ENUM_SYMBOLS',
      message: `Data may hold ${missing.join(', ')}, which ${read.name} does not have.`,
      fix: `Keep ${missing.join(', ')}, or add a default to the enum ${read.name}.`,
      keep: `Older readers do not know ${missing.join(', ')}: leave the symbols out, or give the enum a default first and let readers change.`,
    }),
  ];
}

function findInFixed(written: AvroFixed, read: AvroFixed): Finding[] {
  if (written.size === read.size) return findInName(written, read);
  return [
    ...findInName(written, read),
    findingAt(`${read.path}/size`, {
      rule: 'FIXED_SIZE_MISMATCH',
      message: `Data hold ${written.size} bytes where ${read.name} reads ${read.size}.`,
      fix: `Keep the size ${written.size}, or define a new type under another name.`,
      keep: `Keep the size ${read.size}: older readers read no other.`,
    }),
  ];
}

function mismatch(written: AvroType, read: AvroType): Finding {
  return findingAt(read.path, {
    rule: 'TYPE_MISMATCH',
    message: `Data may hold ${nameOf(written)}, which cannot be read as ${nameOf(read)}.`,
    fix: `Keep ${nameOf(written)}, or make it a union that has both.`,
    keep: `Keep ${nameOf(read)}: older readers read nothing else here.`,
  });
}

const nameOf = (type: AvroType): string => ('name' in type ? `the ${type.kind} ${type.name}` : type.kind);
