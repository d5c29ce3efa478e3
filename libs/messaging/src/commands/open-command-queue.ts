import { connectOptionsOf, unknownScheme, type ConnectOptions, type PortSurroundings } from '../port-surroundings.ts';
import type { ConnectedQueue } from './connected-queue.ts';
import type { CommandQueue } from './queue.ts';

/** The first half of opening, which needs nothing but the queue that COMMANDS_URL names. Throws a sentence when it cannot be used. */
export async function connectCommandQueue(url: string, options: ConnectOptions): Promise<ConnectedQueue> {
  switch (url.slice(0, url.indexOf(':'))) {
    case 'postgres':
    case 'postgresql':
    case 'embedded': {
      const { connectPostgresQueue } = await import('./open-postgres-queue.ts');
      return connectPostgresQueue(url, options);
    }
    case 'amqp':
    case 'amqps': {
      const { connectRabbitQueue } = await import('./rabbit/open-rabbit-queue.ts');
      return connectRabbitQueue(url, options);
    }
    default:
      throw unknownScheme('COMMANDS_URL', url);
  }
}

/** Opens the command queue that COMMANDS_URL names. */
export async function openCommandQueue(url: string, surroundings: PortSurroundings): Promise<CommandQueue> {
  return (await connectCommandQueue(url, connectOptionsOf(url, surroundings))).open(surroundings);
}
