import { parseArgs } from 'node:util';
import { ALL_KINDS, EMBEDDED, KINDS, type Kind } from './kinds.ts';

export const HELP = `usage: npm test [-- --kind KIND] [--package FOLDER] [--name PATTERN] [--embedded]

Without options: lint, type check, format, the Python checks and every test, from Nx's cache where nothing changed.
With --kind, --package or --name: the chosen tests in one run, without the cache.

  --kind KIND        ${ALL_KINDS.join(', ')}; may be repeated (deploy: npm run test:deploy)
  --package FOLDER   such as libs/storage; may be repeated
  --name PATTERN     only tests whose name matches
  --embedded         without the tests that need Kafka, RabbitMQ and other servers: npm run test:embedded
  --help             this text

The last line is "N passed, N failed". Exit code 0 when nothing failed, 1 otherwise, 2 for wrong arguments.
`;

const OPTIONS = {
  kind: { type: 'string', multiple: true },
  package: { type: 'string', multiple: true },
  name: { type: 'string' },
  embedded: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

export interface Selection {
  kinds: readonly Kind[];
  packages: readonly string[];
  name: string | undefined;
}

/** What to test. */
export interface Wanted {
  /** Everything where it is undefined. */
  selection: Selection | undefined;
  /** True: without the tests that need servers. */
  embedded: boolean;
}

/** The message names the argument and what is possible. */
export class WrongArguments extends Error {
  override name = 'WrongArguments';
}

/** @throws WrongArguments */
export function parseWanted(args: readonly string[]): Wanted | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const embedded = values.embedded ?? false;
  if (values.kind === undefined && values.package === undefined && values.name === undefined) return { selection: undefined, embedded };
  const kinds = (values.kind ?? (embedded ? EMBEDDED : KINDS)).map(asKind);
  if (embedded && kinds.includes('server')) throw new WrongArguments('--kind server: --embedded leaves out just these; drop one of both');
  return { selection: { kinds, packages: values.package ?? [], name: values.name }, embedded };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new WrongArguments((error as Error).message, { cause: error });
  }
}

function asKind(text: string): Kind {
  const kind = ALL_KINDS.find((known) => known === text);
  if (kind === undefined) throw new WrongArguments(`--kind ${text}: there is no such kind of test; choose ${ALL_KINDS.join(', ')}`);
  return kind;
}
