import { unknownScheme, type PortSurroundings } from '../port-surroundings.ts';
import type { EventBus } from './bus.ts';

/** Opens the event log that EVENTS_URL names. */
export async function openEventBus(url: string, surroundings: PortSurroundings): Promise<EventBus> {
  switch (url.slice(0, url.indexOf(':'))) {
    case 'postgres':
    case 'postgresql':
    case 'embedded': {
      const { openPostgresBus } = await import('./open-postgres-bus.ts');
      return openPostgresBus(url, surroundings);
    }
    case 'kafka': {
      const { openKafkaBus } = await import('./kafka/open-kafka-bus.ts');
      return openKafkaBus(url, surroundings);
    }
    default:
      throw unknownScheme('EVENTS_URL', url);
  }
}
