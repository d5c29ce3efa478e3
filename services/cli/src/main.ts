/** The `roofshot` command: finds the command, reads its options, turns errors into sentences and exit codes. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DEFAULT_URL, Refusal } from './client.ts';
import { apply, plan } from './commands/apply.ts';
import { backfill } from './commands/backfill.ts';
import type { CommandLine, Invocation } from './commands/command.ts';
import { deadLetters } from './commands/dead-letters.ts';
import { doctor } from './commands/doctor.ts';
import { get } from './commands/get.ts';
import { parked } from './commands/parked.ts';
import { preview } from './commands/preview.ts';
import { quarantine } from './commands/quarantine.ts';
import { replay } from './commands/replay.ts';
import { status } from './commands/status.ts';
import { trace } from './commands/trace.ts';
import { up } from './commands/up.ts';
import { EXIT, Exit, type ExitCode } from './exit-codes.ts';
import { suggest } from '@roofshot/runtime/nearest';
import { err, out, printJson } from './print.ts';

const COMMANDS: readonly CommandLine[] = [
  up,
  plan,
  apply,
  get,
  preview,
  backfill,
  parked,
  replay,
  status,
  trace,
  quarantine,
  deadLetters,
  doctor,
];
const COMMON = { url: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;

async function main(argv: readonly string[]): Promise<ExitCode> {
  const [word, ...rest] = argv;
  if (word === undefined || word === 'help' || word === '--help' || word === '-h') return help(word, rest[0]);
  if (word === '--version' || word === '-v') {
    out(version());
    return EXIT.ok;
  }
  const command = commandOf(word);
  const invocation = invocationOf(command, rest);
  if (invocation.values['help'] === true) return help('help', command.name);
  return command.run(invocation);
}

function commandOf(word: string): CommandLine {
  const command = COMMANDS.find(({ name }) => name === word);
  if (command !== undefined) return command;
  const known = COMMANDS.map(({ name }) => name);
  throw new Exit(EXIT.usage, `There is no command ${word}. ${suggest(word, known)}`);
}

/** Of one command, or of all. */
function help(word: string | undefined, about: string | undefined): ExitCode {
  if (about === undefined) out(helpText());
  else {
    const { usage, summary } = commandOf(about);
    out(`roofshot ${usage}\n  ${summary}`);
  }
  return word === undefined ? EXIT.usage : EXIT.ok;
}

function version(): string {
  const file = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function invocationOf(command: CommandLine, args: string[]): Invocation {
  try {
    const { values, positionals } = parseArgs({ args, options: { ...COMMON, ...command.options }, allowPositionals: true, strict: true });
    const url = typeof values['url'] === 'string' ? values['url'] : (process.env['ROOFSHOT_URL'] ?? DEFAULT_URL);
    refuseNoAddress(url);
    return { positionals, values: values as Invocation['values'], url, json: values['json'] === true };
  } catch (error) {
    if (error instanceof Exit) throw error;
    throw new Exit(EXIT.usage, `${optionFault(error as Error, command)} Usage: roofshot ${command.usage}`, { cause: error });
  }
}

function refuseNoAddress(url: string): void {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return;
  throw new Exit(EXIT.usage, `${JSON.stringify(url)} is no address of a platform. Write it like ${DEFAULT_URL}.`);
}

function optionFault({ message }: Error, command: CommandLine): string {
  const unknown = /^Unknown option '(-{1,2}[^']+)'/.exec(message)?.[1];
  if (unknown === undefined) return `${message.replace(/\.?$/, '.')}`;
  const known = Object.keys({ ...COMMON, ...command.options }).map((option) => `--${option}`);
  return `There is no option ${unknown}. ${suggest(unknown, known)}`;
}

function helpText(): string {
  const width = Math.max(...COMMANDS.map(({ usage }) => usage.length));
  return [
    'roofshot: events, features, training, registry, serving and experiments as one closed loop',
    '',
    ...COMMANDS.map(({ usage, summary }) => `  roofshot ${usage.padEnd(width)}  ${summary}`),
    '',
    `  --url URL   the platform's address (or ROOFSHOT_URL; default ${DEFAULT_URL})`,
    '  --json      one JSON value on standard output',
    '',
    'Exit codes: 0 done; 1 a fault, all of it printed; 2 wrong command line; 3 nothing answers; 4 differences (plan --exit-code).',
  ].join('\n');
}

function explain(error: unknown, json: boolean): ExitCode {
  if (!(error instanceof Exit)) throw error;
  if (json) printJson({ error: error.message, ...(error instanceof Refusal ? { problem: error.problem } : {}) });
  else err(`roofshot: ${error.message}`);
  if (error instanceof Refusal && !json) for (const fault of error.problem.faults ?? []) err(`  ${fault.path} ${fault.message}`);
  return error.code;
}

const argv = process.argv.slice(2);
process.exitCode = await main(argv).catch((error: unknown) => explain(error, argv.includes('--json')));
