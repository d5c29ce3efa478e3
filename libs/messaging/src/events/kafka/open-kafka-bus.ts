import type { PortSurroundings } from '../../port-surroundings.ts';
import type { EventBus } from '../bus.ts';
import { OutboxBus } from '../outbox-bus.ts';
import { KafkaLog } from './kafka-log.ts';

/** Kafka behind an outbox in the services' database. */
export async function openKafkaBus(url: string, { sql, log }: PortSurroundings): Promise<EventBus> {
  return OutboxBus.open(await KafkaLog.open(url, { sql, log }), sql, log);
}
