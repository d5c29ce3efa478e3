/** A failure as it is kept beside the message that met it. */
export interface FailureRecord {
  /** A sentence for people. */
  readonly reason: string;
  /** A stable word by which failures of one kind are counted: the code of a domain error, else the name of what was thrown. */
  readonly code?: string;
  /** With its causes; absent where nothing was thrown. */
  readonly stack?: string;
  /** Tries that ended in a failure, this one included. Default 1. */
  readonly attempts?: number;
  /** Epoch milliseconds; default the database's present time. */
  readonly firstFailedAt?: number;
}

export const dateOf = (milliseconds: number | undefined): Date | null => (milliseconds === undefined ? null : new Date(milliseconds));
