import { DeadCommands, type NewDeadCommand } from '@roofshot/storage/dead-commands';
import type { DeadCommand } from '../commands/queue.ts';
import type { DeliverySetup } from './delivery-setup.ts';

/**
 * Takes over what lies in the queues' own dead letters: what the broker itself put there because its consumers died again and again, what
 * was no command, and what a version of this service left there that kept none itself. Answers how many.
 */
export async function adoptDead({ service, schema, sql, queue }: DeliverySetup, queues: readonly string[]): Promise<number> {
  const deadCommands = new DeadCommands(schema);
  let adopted = 0;
  for (const name of queues) {
    adopted += await queue.adoptDead(name, (letters) => deadCommands.keep(sql, service, letters.map(keptOf)));
  }
  return adopted;
}

function keptOf({ attempt, diedAt, ...command }: DeadCommand): NewDeadCommand {
  return { ...command, attempts: attempt, ...(diedAt > 0 && { diedAt }) };
}
