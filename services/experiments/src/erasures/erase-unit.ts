/** Erases a unit: what was joined for it. What it counted for stays in the sums, which name nobody. */
import type { CommandOf } from '@roofshot/contracts/define';
import { erasures, type EraseExperimentsSubject } from '@roofshot/contracts/erasures';
import { topicOf } from '@roofshot/contracts/events';
import { done, type Outcome, type Tx } from '@roofshot/messaging/handlers';
import { eraseUndelivered, type ErasedSubjects } from '@roofshot/storage/erased-subjects';
import { deleteUnit } from '../join/unit-store.ts';

const BY_TYPE = {
  store: 'units',
  reason: 'The request is limited to event types, and what a unit was shown and what came of it are one row. Erase it without types.',
};

export async function eraseUnit(
  { data: { erasureId, subject, types, erasedAt } }: CommandOf<typeof EraseExperimentsSubject>,
  tx: Tx,
  erased: ErasedSubjects,
): Promise<Outcome> {
  await erased.record(tx, { subject, types, until: Date.parse(erasedAt) });
  const topics = types === undefined ? undefined : new Set(types.map(topicOf));
  const units = types === undefined ? await deleteUnit(tx, subject) : 0;
  const isMeant = (topic: string): boolean => topics?.has(topic) ?? true;
  const undelivered = await eraseUndelivered(tx, 'experiments', subject, isMeant);
  const account = {
    erasureId,
    service: 'experiments',
    erased: { units, 'dead letters': undelivered },
    kept: types === undefined ? [] : [BY_TYPE],
  };
  tx.publish(erasures, [{ id: `${erasureId}/experiments`, type: 'subject.erased', subject: erasureId, data: account }]);
  return done();
}
