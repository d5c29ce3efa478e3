import type { ParseArgsConfig } from 'node:util';
import type { ExitCode } from '../exit-codes.ts';

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
