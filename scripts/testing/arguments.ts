import { parseArgs } from 'node:util';
import { KINDS, type Kind } from './kinds.ts';

export const HELP = `usage: npm test [-- --kind KIND] [--package FOLDER] [--name PATTERN]

Without options: lint, type check, format, the Python checks and every test, from Nx's cache where nothing changed.
With options: the chosen tests in one run, without the cache.

  --kind KIND        ${KINDS.join(', ')}; may be repeated
  --package FOLDER   such as libs/storage; may be repeated
  --name PATTERN     only tests whose name matches
  --help             this text

The last line is "N passed, N failed". Exit code 0 when nothing failed, 1 otherwise, 2 for wrong arguments.
`;

const OPTIONS = {
  kind: { type: 'string', multiple: true },
  package: { type: 'string', multiple: true },
  name: { type: 'string' },
  help: { type: 'boolean' },
} as const;

export interface Selection {
  kinds: readonly Kind[];
  packages: readonly string[];
  name: string | undefined;
}

/** The message names the argument and what is possible. */
export class WrongArguments extends Error {
  override name = 'WrongArguments';
}

/** @returns undefined for a run of everything. @throws WrongArguments */
export function parseSelection(args: readonly string[]): Selection | 'help' | undefined {
  const values = parse(args);
  if (values.help) return 'help';
  if (values.kind === undefined && values.package === undefined && values.name === undefined) return undefined;
  return { kinds: (values.kind ?? KINDS).map(asKind), packages: values.package ?? [], name: values.name };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values;
  } catch (error) {
    throw new WrongArguments((error as Error).message, { cause: error });
  }
}

function asKind(text: string): Kind {
  const kind = KINDS.find((known) => known === text);
  if (kind === undefined) throw new WrongArguments(`--kind ${text}: there is no such kind of test; choose ${KINDS.join(', ')}`);
  return kind;
}
