/** Plans and applies a set of resources: first everything is checked everywhere, then everything is changed. */
import type { Applied, ApplyAnswer } from '@roofshot/contracts/http/common';
import { allKinds } from '@roofshot/contracts/resources';
import { call, Refusal } from './client.ts';
import type { FileFault, LoadedResource } from './load-resources.ts';

export interface Change {
  readonly kind: string;
  readonly name: string;
  readonly result: Applied['result'];
  readonly differences: Applied['differences'];
}

export interface SetResult {
  readonly changes: readonly Change[];
  readonly faults: readonly FileFault[];
}

/** Owners in the order in which what others refer to goes first. */
const OWNERS = [...new Set([...allKinds].sort((a, b) => a.order - b.order).map((kind) => kind.owner))];

export async function planSet(url: string, resources: readonly LoadedResource[]): Promise<SetResult> {
  return sendSet(url, resources, true);
}

/** Nothing is changed anywhere unless every owner would take its part. */
export async function applySet(url: string, resources: readonly LoadedResource[]): Promise<SetResult> {
  const plan = await planSet(url, resources);
  return plan.faults.length > 0 ? plan : sendSet(url, resources, false);
}

async function sendSet(url: string, resources: readonly LoadedResource[], dryRun: boolean): Promise<SetResult> {
  const results: SetResult[] = [];
  for (const owner of OWNERS) {
    const part = resources.filter(({ resource }) => ownerOf(resource.kind) === owner);
    if (part.length > 0) results.push(await sendPart(url, owner, part, dryRun));
  }
  return { changes: results.flatMap((result) => result.changes), faults: results.flatMap((result) => result.faults) };
}

const ownerOf = (kind: string): string | undefined => allKinds.find((known) => known.name === kind)?.owner;

async function sendPart(url: string, owner: string, part: readonly LoadedResource[], dryRun: boolean): Promise<SetResult> {
  const body = { resources: part.map(({ resource }) => resource), dryRun };
  try {
    const { results } = await call<ApplyAnswer>(url, `/v1/apply/${owner}`, { method: 'POST', body });
    return { changes: results.map((applied, index) => changeOf(applied, part[index])), faults: [] };
  } catch (error) {
    if (!(error instanceof Refusal) || error.problem.faults === undefined) throw error;
    return { changes: [], faults: error.problem.faults.map((fault) => faultOf(fault, part)) };
  }
}

function changeOf(applied: Applied, loaded: LoadedResource | undefined): Change {
  const { kind = '', metadata = { name: '' } } = loaded?.resource ?? {};
  return { kind, name: metadata.name, result: applied.result, differences: applied.differences };
}

/** The owner's path is `/<index of the resource>/spec/…`. */
function faultOf(fault: { path: string; message: string }, part: readonly LoadedResource[]): FileFault {
  const [, index = '0', pointer = ''] = /^\/(\d+)(.*)$/.exec(fault.path) ?? [];
  const loaded = part[Number(index)];
  if (loaded === undefined) return { file: '', line: 0, path: fault.path, message: fault.message };
  return {
    file: loaded.file,
    line: loaded.lineOf(pointer),
    path: pointer,
    message: `${loaded.resource.kind}/${loaded.resource.metadata.name}: ${fault.message}`,
  };
}
