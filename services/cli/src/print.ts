/** What people and scripts read: sentences and tables on a terminal, one JSON value with --json. */
import type { Change } from './apply-set.ts';
import type { FileFault } from './load-resources.ts';

export const out = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
export const err = (text: string): void => {
  process.stderr.write(`${text}\n`);
};
export const printJson = (value: unknown): void => out(JSON.stringify(value));

export function faultLines(faults: readonly FileFault[]): string[] {
  return faults.map(({ file, line, path, message }) => `${file}${line === 0 ? '' : `:${line}`} ${path === '' ? '' : `${path} `}${message}`);
}

export function warningLines(warnings: readonly FileFault[]): string[] {
  return faultLines(warnings).map((line) => `warning: ${line}`);
}

const MARK = { created: '+', changed: '~', unchanged: '=', deleted: '-' } as const;

export function changeLines(changes: readonly Change[]): string[] {
  return changes.flatMap(({ kind, name, result, differences }) => [
    `${MARK[result]} ${kind}/${name} ${result}`,
    ...(result === 'changed' ? differences.map(({ path, from, to }) => `    ${path}: ${short(from)} → ${short(to)}`) : []),
  ]);
}

/** A value on one line, cut where it is long. */
export function short(value: unknown): string {
  const text = value === undefined ? '(absent)' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** Columns padded to their widest cell. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
