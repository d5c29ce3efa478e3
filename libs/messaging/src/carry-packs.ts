import { CannotLeave, PartlyPublished } from '@roofshot/storage/outbox-relay';
import type { OutboxMessage } from '@roofshot/storage/outbox';

export interface CarriedMessage {
  /** The stream: one shard of one outbox. */
  readonly origin: string;
  /** Ascending within the stream in the order of sending. */
  readonly sequence: number;
  /** What the JSON text said. */
  readonly payload: unknown;
}

/** Gives the messages of an outbox's rows to `publish`, each with a number of its own; what that says of single messages is said of their rows. */
export async function carryPacks(
  rows: readonly OutboxMessage[],
  originOf: (row: OutboxMessage) => string,
  publish: (messages: readonly CarriedMessage[]) => Promise<void>,
): Promise<void> {
  const messages: CarriedMessage[] = [];
  const owners: number[] = [];
  rows.forEach((row, index) => {
    const payload = JSON.parse(row.payload) as unknown;
    const origin = originOf(row);
    (row.size === 1 ? [payload] : (payload as unknown[])).forEach((one, place) => {
      messages.push({ origin, sequence: row.sequence + place, payload: one });
      owners.push(index);
    });
  });
  await publish(messages).catch((error: unknown) => {
    throw ofRows(error, owners);
  });
}

function ofRows(error: unknown, owners: readonly number[]): unknown {
  if (error instanceof CannotLeave) return new CannotLeave(byRow(error.reasons, owners));
  if (error instanceof PartlyPublished) return new PartlyPublished(byRow(error.failures, owners));
  return error;
}

function byRow<T>(faults: ReadonlyMap<number, T>, owners: readonly number[]): Map<number, T> {
  return new Map([...faults].flatMap(([index, fault]) => (owners[index] === undefined ? [] : [[owners[index], fault] as const])));
}
