import { connectOptionsOf, unknownScheme, type ConnectOptions, type PortSurroundings } from '../port-surroundings.ts';
import type { EventBus } from './bus.ts';
import type { ConnectedBus } from './connected-bus.ts';

/** The first half of opening, which needs nothing but the log that EVENTS_URL names. Throws a sentence when it cannot be used. */
export async function connectEventBus(url: string, options: ConnectOptions): Promise<ConnectedBus> {
  switch (url.slice(0, url.indexOf(':'))) {
    case 'postgres':
    case 'postgresql':
    case 'embedded': {
      const { connectPostgresBus } = await import('./open-postgres-bus.ts');
      return connectPostgresBus(url, options);
    }
    case 'kafka': {
      const { connectKafkaBus } = await import('./kafka/open-kafka-bus.ts');
      return connectKafkaBus(url, options);
    }
    default:
      throw unknownScheme('EVENTS_URL', url);
  }
}

/** Opens the event log that EVENTS_URL names. */
export async function openEventBus(url: string, surroundings: PortSurroundings): Promise<EventBus> {
  return (await connectEventBus(url, connectOptionsOf(url, surroundings))).open(surroundings);
}
