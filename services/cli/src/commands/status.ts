/** `roofshot status`: is every part ready, how far behind, what waits. */
import { call } from '../client.ts';
import { EXIT } from '../exit-codes.ts';
import { out, printJson, tableLines } from '../print.ts';
import type { CommandLine } from './command.ts';

interface Readiness {
  readonly ready: boolean;
  readonly services: readonly {
    readonly name: string;
    readonly ready: boolean;
    readonly waitsFor: readonly string[];
    readonly troubles: readonly string[];
    readonly lag: number | null;
  }[];
}

export const status: CommandLine = {
  name: 'status',
  usage: 'status',
  summary: 'services with their readiness, lag, what they wait for and what troubles them',
  run: async ({ url, json }) => {
    const readiness = await call<Readiness>(url, '/status');
    if (json) printJson(readiness);
    else {
      const rows = readiness.services.map(({ name, ready, lag, waitsFor, troubles }) => [
        name,
        ready ? 'ready' : 'not ready',
        String(lag ?? '–'),
        [...waitsFor, ...troubles].join('; '),
      ]);
      out(`Platform at ${url}`);
      out(tableLines(['SERVICE', 'STATE', 'LAG', 'WAITS FOR, TROUBLES'], rows).join('\n'));
    }
    return readiness.ready ? EXIT.ok : EXIT.fault;
  },
};
