import type { Applied } from '@roofshot/contracts/http/common';
import type { Fault } from '@roofshot/contracts/validate';
import { suggest } from './nearest.ts';
import { DomainError } from './errors.ts';
import { differencesOf, type Difference } from './json-differences.ts';
import type { Candidate } from './resource-set.ts';
import type { Declared, Kept } from './resource-store.ts';

/** What applying a candidate means for what is kept. */
export interface Change extends Candidate {
  readonly kept: Kept | undefined;
  readonly resource: Declared;
  readonly differences: readonly Difference[];
  readonly result: Applied['result'];
  readonly isSpecChanged: boolean;
}

/** Compares a candidate with what is kept. The generation rises with the spec alone. */
export function planChange(candidate: Candidate, kept: Kept | undefined): Change {
  const { sent, kind } = candidate;
  const previous = living(kept);
  const metadata = { ...sent.metadata } as Declared['metadata'];
  const specDifferences =
    previous === undefined
      ? [{ path: '/spec', from: null, to: sent.spec }]
      : differencesOf(previous.spec, sent.spec, kind.definition.spec, '/spec');
  const differences = [
    ...(previous === undefined ? [] : differencesOf(previous.metadata, metadata, undefined, '/metadata')),
    ...specDifferences,
  ];
  const isSpecChanged = specDifferences.length > 0;
  const generation = (kept?.resource.generation ?? 0) + (isSpecChanged ? 1 : 0);
  return {
    ...candidate,
    kept,
    differences,
    isSpecChanged,
    result: previous === undefined ? 'created' : differences.length > 0 ? 'changed' : 'unchanged',
    resource: {
      apiVersion: 'roofshot/v1',
      kind: sent.kind,
      metadata,
      spec: sent.spec,
      ...(previous?.status !== undefined && { status: previous.status }),
      generation,
    },
  };
}

/** What others refer to goes first; within a kind, as it was sent. */
export function inOrder(changes: readonly Change[]): Change[] {
  return [...changes].sort((a, b) => a.kind.definition.order - b.kind.definition.order || a.index - b.index);
}

/** Undefined where it was deleted. */
export const living = (kept: Kept | undefined): Declared | undefined => (kept?.deleted === false ? kept.resource : undefined);

export function refuseFaults(faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  const list = faults.map(({ path, message }) => `${path} ${message}`).join('; ');
  throw new DomainError(
    'invalid-resource',
    `Nothing was changed, because of ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}: ${list}.`,
    { faults },
  );
}

export function refuseOtherGeneration(changes: readonly Change[], wanted: number | undefined): void {
  if (wanted === undefined) return;
  for (const { kept, resource } of changes) {
    const previous = living(kept);
    if (previous?.generation !== wanted) throw otherGeneration(previous ?? { ...resource, generation: 0 }, wanted);
  }
}

export function otherGeneration({ kind, metadata, generation }: Declared, wanted: number): DomainError {
  const state = generation === 0 ? 'does not exist' : `has generation ${generation}`;
  return new DomainError(
    'precondition-failed',
    `${kind}/${metadata.name} ${state}, not the generation ${wanted} that If-Match asks for: somebody changed it. Nothing was changed; read it again and decide anew.`,
    { generation },
  );
}

export function refuseDeletion({ kind, metadata }: Declared, faults: readonly Fault[]): void {
  if (faults.length === 0) return;
  const reasons = faults.map(({ message }) => message).join('; ');
  throw new DomainError('conflict', `${kind}/${metadata.name} cannot be deleted: ${reasons}. Nothing was changed.`, { faults });
}

/** A sentence and a comparison with each stay short with so many. */
const MOST_NAMES = 500;

/** `known`: the names of those that there are; the nearest are offered. */
export function notFound(kind: string, name: string, known: readonly string[]): DomainError {
  const near = suggest(name, known.slice(0, MOST_NAMES));
  return new DomainError('not-found', `There is no ${kind} named ${name}. ${near} Correct the name, or apply it first.`);
}
