import type { ParseArgsConfig } from 'node:util';
import { EXIT, Exit, type ExitCode } from '../exit-codes.ts';

/** What every command is given. */
export interface Invocation {
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>;
  readonly url: string;
  readonly json: boolean;
}

export interface CommandLine {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly options?: NonNullable<ParseArgsConfig['options']>;
  readonly run: (invocation: Invocation) => Promise<ExitCode>;
}

/** The value of a text option, or undefined. */
export function text(invocation: Invocation, option: string): string | undefined {
  const value = invocation.values[option];
  return typeof value === 'string' ? value : undefined;
}

/** The value of an option that takes a number above zero. Throws a usage fault for anything else. */
export function numberOf(invocation: Invocation, option: string, otherwise: number): number {
  const value = text(invocation, option);
  if (value === undefined) return otherwise;
  const number = Number(value);
  if (value.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw new Exit(EXIT.usage, `--${option} takes a number above 0, and ${JSON.stringify(value)} is none.`);
}
