/** Plans and applies a set of resources: first everything is checked everywhere, then everything is changed. */
import type { Applied, ApplyAnswer } from '@roofshot/contracts/http/common';
import { allKinds } from '@roofshot/contracts/resources';
import { call, Refusal } from './client.ts';
import { eventFindings } from './event-references.ts';
import { EXIT, Exit } from './exit-codes.ts';
import { gateWarnings } from './gate-metrics.ts';
import { KnownResources } from './known-resources.ts';
import { faultIn, type FileFault, type Loaded, type LoadedResource } from './load-resources.ts';
import { referenceFaults } from './references.ts';

export interface Change {
  readonly kind: string;
  readonly name: string;
  readonly result: Applied['result'];
  readonly differences: Applied['differences'];
}

export interface SetResult {
  readonly changes: readonly Change[];
  readonly faults: readonly FileFault[];
  /** What is probably not meant, and stops nothing. */
  readonly warnings: readonly FileFault[];
  /** What could not be checked, and why. */
  readonly notice?: string;
}

/** Owners in the order in which what others refer to goes first. */
const OWNERS = [...new Set([...allKinds].sort((a, b) => a.order - b.order).map((kind) => kind.owner))];

/** The files as they were read. Resources alone: they came from elsewhere and had no faults. */
export type Files = readonly LoadedResource[] | Loaded;

/** All faults: of the files, of their references to each other and to what the platform has, and what the owners find. */
export async function planSet(url: string, files: Files): Promise<SetResult> {
  const loaded = filesOf(files);
  const { resources, faults, declared } = loaded;
  try {
    const sent = await sendSet(url, resources, true);
    const known = new KnownResources(url, resources, declared);
    const events = await eventFindings(resources, known);
    const references = [...(await referenceFaults(loaded, known)), ...events.faults];
    const all = [...faults, ...references, ...withoutRepeats(sent.faults, references)];
    const warnings = [...events.warnings, ...(await gateWarnings(url, resources))].sort(byPlace);
    return { changes: all.length > 0 ? [] : sent.changes, faults: withoutConsequences(all, declared).sort(byPlace), warnings };
  } catch (error) {
    // What is wrong in the files can be told without the platform.
    if (faults.length === 0 || !(error instanceof Exit) || error.code !== EXIT.unreachable) throw error;
    const notice = `Nothing answers at ${url}, so references and expressions were not checked; there may be more faults.`;
    return { changes: [], faults: [...faults].sort(byPlace), warnings: [], notice };
  }
}

/** Nothing is changed anywhere unless every owner would take its part. */
export async function applySet(url: string, files: Files): Promise<SetResult> {
  const plan = await planSet(url, files);
  if (plan.faults.length > 0) return plan;
  return { ...(await sendSet(url, filesOf(files).resources, false)), warnings: plan.warnings };
}

function filesOf(files: Files): Loaded {
  if ('resources' in files) return files;
  const declared = new Set(files.map(({ resource }) => `${resource.kind}/${resource.metadata.name}`));
  return { resources: files, faults: [], unusable: [], declared };
}

const byPlace = (a: FileFault, b: FileFault): number => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1);

/** An owner that knows enough says the same as was found here. */
function withoutRepeats(faults: readonly FileFault[], said: readonly FileFault[]): FileFault[] {
  return faults.filter(({ file, line, path }) => !said.some((other) => other.file === file && other.line === line && other.path === path));
}

/** «There is no X» is not so where the files declare X: X has a fault of its own, and that one is told. */
function withoutConsequences(faults: readonly FileFault[], declared: ReadonlySet<string>): FileFault[] {
  const left = faults.filter(({ message }) => {
    const [, kind, name] = /there is no (\w+) "?([^\s"]+?)"?[;.]/.exec(message) ?? [];
    return kind === undefined || !declared.has(`${kind}/${name}`);
  });
  return left.length > 0 ? left : [...faults];
}

type Sent = Omit<SetResult, 'warnings'>;

async function sendSet(url: string, resources: readonly LoadedResource[], dryRun: boolean): Promise<Sent> {
  const results: Sent[] = [];
  for (const owner of OWNERS) {
    const part = resources.filter(({ resource }) => ownerOf(resource.kind) === owner);
    if (part.length > 0) results.push(await sendPart(url, owner, part, dryRun));
  }
  return { changes: results.flatMap((result) => result.changes), faults: results.flatMap((result) => result.faults) };
}

const ownerOf = (kind: string): string | undefined => allKinds.find((known) => known.name === kind)?.owner;

async function sendPart(url: string, owner: string, part: readonly LoadedResource[], dryRun: boolean): Promise<Sent> {
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
  // The text of a trainer stands in a file of its own.
  if (loaded?.resource.kind === 'TrainingJob' && pointer === '/spec/code') return faultIn(loaded, '/spec/entryPoint', fault.message);
  if (loaded === undefined) return { file: '', line: 0, path: fault.path, message: fault.message };
  return faultIn(loaded, pointer, fault.message);
}
