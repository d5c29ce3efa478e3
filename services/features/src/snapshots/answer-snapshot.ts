import type { Static } from 'typebox';
import type { SnapshotAnswer } from '@roofshot/contracts/http/features';
import { DomainError } from '@roofshot/runtime/errors';
import type { Snapshot } from './snapshot-store.ts';

/** A snapshot as people see it. Throws `not-found`. */
export function answerSnapshot(id: string, snapshot: Snapshot | undefined): Static<typeof SnapshotAnswer> {
  if (snapshot === undefined) {
    throw new DomainError(
      'not-found',
      `There is no training snapshot "${id}". It may not have been accepted yet: ask again in a moment, or with wait=10s.`,
    );
  }
  const { state, requestedAt, finishedAt, reason, result } = snapshot;
  return { snapshotId: id, state, requestedAt: requestedAt.toISOString(), finishedAt: finishedAt?.toISOString() ?? null, reason, result };
}
