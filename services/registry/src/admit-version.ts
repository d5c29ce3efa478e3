/** Decides whether a version may answer: its file, its signature, its metrics. */
import { stat } from 'node:fs/promises';
import type { ModelSpec } from '@roofshot/contracts/resources/model';
import type { ObjectStore } from '@roofshot/storage/object-store';
import { checkGates } from './gates.ts';
import { runProbe, type ProbeLimits } from './run-probe.ts';
import type { Check, Version } from './version-store.ts';

export interface AdmissionLimits extends ProbeLimits {
  readonly maxBytes: number;
}

/** All checks, in order; a missing or damaged file is a failed check. */
export async function checkVersion(
  version: Version,
  gates: ModelSpec['gates'],
  limits: AdmissionLimits,
  objects: ObjectStore,
): Promise<Check[]> {
  const file = await checkFile(version, limits, objects);
  const isFileGood = file.every((check) => check.passed);
  return [...file, ...(isFileGood ? checkGates(gates ?? [], version.metrics) : [])];
}

async function checkFile({ artifact, signature }: Version, limits: AdmissionLimits, objects: ObjectStore): Promise<Check[]> {
  let path: string;
  try {
    path = await objects.fetch(artifact);
  } catch (error) {
    return [{ name: 'file', passed: false, detail: error instanceof Error ? error.message : String(error) }];
  }
  const { size } = await stat(path);
  const isSmall = size <= limits.maxBytes;
  const sized: Check = { name: 'size', passed: isSmall, detail: `${size} bytes; at most ${limits.maxBytes} are allowed.` };
  return isSmall ? [sized, ...(await runProbe({ path, signature }, limits))] : [sized];
}
