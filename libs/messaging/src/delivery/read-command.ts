import type { CommandDefinition, CommandOf } from '@roofshot/contracts/define';
import { validatorOf } from '@roofshot/contracts/validate';
import type { ReceivedCommand } from '../commands/queue.ts';
import type { CommandHandler } from '../handlers.ts';
import { describe, type FailureCode } from './failures.ts';
import { describeFaults } from './sort-records.ts';

export type AnyCommand = CommandOf<CommandDefinition>;

/** Why a command cannot be handed to its handler: no further try of this version helps. */
export interface Unreadable {
  readonly reason: string;
  readonly code: FailureCode;
}

/** A command as its handler takes it, held against its contract. */
export function readCommand(
  { command: definition }: Pick<CommandHandler, 'command'>,
  received: Pick<ReceivedCommand, 'queue' | 'id' | 'headers' | 'payload'>,
  correlationid: string,
): { readonly command: AnyCommand } | Unreadable {
  const { headers, id } = received;
  const type = headers['type'] ?? definition.type;
  if (type !== definition.type)
    return { reason: `The queue ${received.queue} carries ${definition.type}, and this is ${type}.`, code: 'unknown-type' };
  let data: unknown;
  try {
    data = JSON.parse(received.payload);
  } catch (error) {
    return { reason: `Its payload is no JSON: ${describe(error)}`, code: 'unreadable' };
  }
  const validator = validatorOf(definition.schema);
  if (!validator.check(data)) return { reason: `It breaks its contract: ${describeFaults(validator.faults(data))}.`, code: 'contract' };
  const traceparent = headers['traceparent'];
  const time = headers['time'] ?? '';
  return { command: { id, type, data, correlationid, time, ...(traceparent !== undefined && { traceparent }) } };
}
