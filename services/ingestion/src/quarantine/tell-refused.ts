import type { RefusedEvent } from '@roofshot/contracts/http/quarantine';
import type { Catalogue } from '../catalogue.ts';
import { NO_KEY } from '../ledger-store.ts';
import { listedOriginal } from './listed-original.ts';
import type { WithOriginal } from './quarantine-store.ts';

/** A row as answers have it. */
export function tellRefused(row: WithOriginal<Buffer | null>, catalogue: Catalogue): RefusedEvent {
  const { place: _, bytes, original, receivedAt, resolvedAt, writeKey, correlationId, ...told } = row;
  return {
    ...told,
    receivedAt: receivedAt.toISOString(),
    resolvedAt: resolvedAt?.toISOString() ?? null,
    writeKey: writeKey === NO_KEY ? null : writeKey,
    correlationId: correlationId === '' ? null : correlationId,
    original: original === null ? null : listedOriginal(original.toString('utf8'), catalogue.find(row.eventType)),
    originalBytes: bytes,
  };
}
