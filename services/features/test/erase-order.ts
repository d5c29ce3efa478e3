import { EraseFeaturesSubject, erasures } from '@roofshot/contracts/erasures';
import type { DataOf } from '@roofshot/contracts/define';
import type { SubjectErased } from '@roofshot/contracts/erasures';
import { openCommandQueue } from '@roofshot/messaging/open-command-queue';
import { createTransactions } from '@roofshot/messaging/transactions';
import { log } from '@roofshot/telemetry/logger';
import { eventually } from '@roofshot/testing/eventually';
import type { FeaturesHarness } from './features-harness.ts';

let orders = 0;

/** Sends the order as ingestion does, and answers what features says when it has done it. */
export async function eraseSubject(
  { bus, database, said }: Pick<FeaturesHarness, 'bus' | 'database'> & { readonly said: FeaturesHarness['said'] },
  order: { readonly subject: string; readonly erasedAt: string; readonly types?: string[] },
): Promise<DataOf<typeof SubjectErased>> {
  const queue = await openCommandQueue(database.url, { sql: database.sql, sqlUrl: database.url, log });
  const transactions = createTransactions(database.sql, bus, queue, { service: 'ingestion', clock: Date.now });
  const erasureId = `era_${(orders += 1).toString(16).padStart(32, '0')}`;
  await transactions.run((tx) => Promise.resolve(tx.send(EraseFeaturesSubject, { erasureId, ...order })));
  const account = await eventually(
    async () => (await said(erasures.name)).find(({ data }) => data['erasureId'] === erasureId)?.data ?? false,
    { deadlineMs: 20_000 },
  );
  await queue.close();
  return account as DataOf<typeof SubjectErased>;
}
