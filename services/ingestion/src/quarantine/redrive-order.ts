import type { PatchOperation } from '@roofshot/contracts/http/quarantine';
import type { WriteKey } from '../write-keys/write-key.ts';
import type { Choice } from './choose-rows.ts';

/** Who wants which refused events to be worked on, and why. */
export interface WorkOrder {
  readonly choice: Choice;
  readonly actor: string;
  readonly reason: string;
}

export interface RedriveOrder extends WorkOrder {
  readonly patch: readonly PatchOperation[];
  /** Its rights apply; undefined: those of the key with which each event came. */
  readonly as: WriteKey | undefined;
  readonly isDryRun: boolean;
  readonly limit: number;
  /** Place of the last one before. */
  readonly after: number | undefined;
}
