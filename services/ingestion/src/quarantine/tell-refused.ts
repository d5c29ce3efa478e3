import type { RedriveOutcome, RefusedEvent } from '@roofshot/contracts/http/quarantine';
import { NO_KEY } from '../ledger-store.ts';
import { hideFault } from '../privacy/mask-refused.ts';
import type { CurrentMasks } from '../privacy/masks.ts';
import type { WithOriginal } from './quarantine-store.ts';

/** A row as answers have it. `masks`: undefined where it was asked for with what is personal in it. */
export function tellRefused(row: WithOriginal<Buffer | null>, masks: CurrentMasks | undefined): RefusedEvent {
  const { place: _, bytes, original, receivedAt, resolvedAt, writeKey, correlationId, ...told } = row;
  const text = original === null ? null : original.toString('utf8');
  return {
    ...told,
    ...(masks === undefined ? { original: text } : maskedFields(row, text, masks)),
    receivedAt: receivedAt.toISOString(),
    resolvedAt: resolvedAt?.toISOString() ?? null,
    writeKey: writeKey === NO_KEY ? null : writeKey,
    correlationId: correlationId === '' ? null : correlationId,
    originalBytes: bytes,
  };
}

type MaskedFields = Pick<RefusedEvent, 'original' | 'detail' | 'path' | 'lastRedrive'>;
interface Fault {
  readonly detail: string;
  readonly path?: string;
}

/** `text`: null where it is not listed, so that nobody can tell whether a fault lies in personal data. */
function maskedFields(row: WithOriginal<Buffer | null>, text: string | null, masks: CurrentMasks): MaskedFields {
  const { eventType, detail, path, lastRedrive } = row;
  const mask = (fault: Fault): Fault & { readonly original: string | null } => {
    if (text !== null) return masks.refused({ eventType, original: text, ...fault });
    return { ...(masks.isPersonal(eventType) ? hideFault(fault) : fault), original: null };
  };
  const told = mask({ detail, ...(path !== null && { path }) });
  return {
    original: told.original,
    detail: told.detail,
    path: told.path ?? null,
    lastRedrive: lastRedrive === null ? null : maskedOutcome(lastRedrive, mask),
  };
}

function maskedOutcome({ detail, path, ...outcome }: RedriveOutcome, mask: (fault: Fault) => Fault): RedriveOutcome {
  if (detail === undefined) return outcome;
  const told = mask({ detail, ...(path !== undefined && { path }) });
  return { ...outcome, detail: told.detail, ...(told.path !== undefined && { path: told.path }) };
}
