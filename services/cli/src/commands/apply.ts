/** `roofshot plan` and `roofshot apply`. */
import { applySet, planSet, type SetResult } from '../apply-set.ts';
import { EXIT, Exit, type ExitCode } from '../exit-codes.ts';
import { loadResources } from '../load-resources.ts';
import { changeLines, err, faultLines, out, printJson, warningLines } from '../print.ts';
import type { CommandLine, Invocation } from './command.ts';

const FILES = { file: { type: 'string', short: 'f', multiple: true } } as const;

export const plan: CommandLine = {
  name: 'plan',
  usage: 'plan -f FILE|DIR … [--exit-code]',
  summary: 'show what apply would change',
  options: { ...FILES, 'exit-code': { type: 'boolean' } },
  run: async (invocation) => {
    const result = await withFiles(invocation, planSet);
    const differs = result.changes.some((change) => change.result !== 'unchanged');
    const code = report(invocation, result, 'Nothing was changed; this is a plan.');
    return code === EXIT.ok && differs && invocation.values['exit-code'] === true ? EXIT.differences : code;
  },
};

export const apply: CommandLine = {
  name: 'apply',
  usage: 'apply -f FILE|DIR …',
  summary: 'make it so; applying twice changes nothing',
  options: FILES,
  run: async (invocation) => report(invocation, await withFiles(invocation, applySet), ''),
};

async function withFiles(invocation: Invocation, send: typeof planSet): Promise<SetResult> {
  const files = invocation.values['file'];
  if (!Array.isArray(files) || files.length === 0) throw new Exit(EXIT.usage, 'Name the files: -f FILE or -f DIR.');
  return send(invocation.url, loadResources(files));
}

function report(invocation: Invocation, { changes, faults, warnings, notice }: SetResult, closing: string): ExitCode {
  if (!invocation.json && warnings.length > 0) err(warningLines(warnings).join('\n'));
  if (invocation.json) printJson({ changes, faults, warnings, ...(notice !== undefined && { notice }) });
  else if (faults.length > 0)
    err(
      [
        ...faultLines(faults),
        `${faults.length} fault${faults.length === 1 ? '' : 's'}; nothing was changed.`,
        ...(notice === undefined ? [] : [notice]),
      ].join('\n'),
    );
  else out([...changeLines(changes), closing].filter((line) => line !== '').join('\n'));
  return faults.length > 0 ? EXIT.fault : EXIT.ok;
}
