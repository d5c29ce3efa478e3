import type { TObject, TSchema } from 'typebox';
import { validatorOf, type Fault } from '@roofshot/contracts/validate';
import { DomainError } from './errors.ts';
import { valueOfText } from './text-values.ts';

type Reader = (part: unknown) => unknown;
type Texts = Readonly<Record<string, string | string[]>>;

const UNREAD: Reader = () => undefined;

/** Reads the texts of a path or query by their schema. `undefined` schema: the part is not looked at. Throws `invalid` with all faults. */
export function textsReader(part: 'params' | 'query', schema: TObject | undefined): Reader {
  if (schema === undefined) return UNREAD;
  const validator = validatorOf(schema);
  const properties = Object.entries(schema.properties);
  return (texts) => {
    const values = convert(properties, texts as Texts);
    const unkeepable = unkeepableIn(texts as Texts);
    if (unkeepable.length > 0) throw invalid(notValid(part), unkeepable, `/${part}`);
    if (!validator.check(values)) throw invalid(notValid(part), validator.faults(values), `/${part}`);
    return values;
  };
}

const notValid = (part: 'params' | 'query'): string => `The ${part === 'query' ? 'query' : 'path'} is not valid`;

/** `%00` is a character like others for whoever reads URLs, and none for whoever keeps texts: no database does. */
function unkeepableIn(texts: Texts): Fault[] {
  const holding = Object.entries(texts).filter(([, text]) => (Array.isArray(text) ? text : [text]).some((one) => one.includes('\0')));
  return holding.map(([name]) => ({ path: `/${name}`, message: 'must hold no U+0000' }));
}

/** Checks a parsed body. Pointers of its faults begin at the body. */
export function bodyReader(schema: TSchema | undefined): Reader {
  if (schema === undefined) return (body) => body;
  const validator = validatorOf(schema);
  return (body) => {
    if (validator.check(body)) return body;
    if (body === undefined) throw invalid('The body is missing', [{ path: '', message: 'must be JSON, sent as application/json' }]);
    throw invalid('The body is not valid', validator.faults(body));
  };
}

function convert(properties: readonly (readonly [string, TSchema])[], texts: Texts): Record<string, unknown> {
  const values: Record<string, unknown> = { ...texts };
  for (const [name, schema] of properties) {
    const text = texts[name];
    const { default: fallback, type } = schema as { default?: unknown; type?: string };
    if (text === undefined) {
      if (fallback !== undefined) values[name] = fallback;
    } else if (typeof text === 'string') values[name] = valueOfText(schema, text);
    else if (type === 'array') values[name] = text.flatMap((one) => valueOfText(schema, one));
  }
  return values;
}

function invalid(what: string, faults: readonly Fault[], prefix = ''): DomainError {
  const placed = faults.map(({ path, message }) => ({ path: prefix + path, message }));
  const list = placed.map(({ path, message }) => `${path === '' ? 'it' : path} ${message}`).join('; ');
  return new DomainError('invalid', `${what}: ${list}. Correct ${placed.length === 1 ? 'it' : 'these'} and send it again.`, {
    faults: placed,
  });
}
