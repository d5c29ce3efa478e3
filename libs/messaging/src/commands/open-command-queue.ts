import { unknownScheme, type PortSurroundings } from '../port-surroundings.ts';
import type { CommandQueue } from './queue.ts';

/** Opens the command queue that COMMANDS_URL names. */
export async function openCommandQueue(url: string, surroundings: PortSurroundings): Promise<CommandQueue> {
  switch (url.slice(0, url.indexOf(':'))) {
    case 'postgres':
    case 'postgresql':
    case 'embedded': {
      const { openPostgresQueue } = await import('./open-postgres-queue.ts');
      return openPostgresQueue(url, surroundings);
    }
    case 'amqp':
    case 'amqps': {
      const { openRabbitQueue } = await import('./rabbit/open-rabbit-queue.ts');
      return openRabbitQueue(url, surroundings);
    }
    default:
      throw unknownScheme('COMMANDS_URL', url);
  }
}
