import { handOn, type ConnectOptions } from '../../port-surroundings.ts';
import type { ConnectedBus } from '../connected-bus.ts';
import { OutboxBus } from '../outbox-bus.ts';
import { KafkaConnection } from './kafka-connection.ts';
import { KafkaLog } from './kafka-log.ts';

/** Kafka behind an outbox in the services' database. */
export async function connectKafkaBus(url: string, { log }: ConnectOptions): Promise<ConnectedBus> {
  const connection = await KafkaConnection.open(url, log);
  return {
    ensureTopics: async (topics) => void (await connection.ensureTopics(topics)),
    identity: () => connection.identity(),
    open: async ({ sql }) => {
      const kafka = await handOn(connection, () => KafkaLog.open(connection, { sql, log }));
      const { mostWaiting } = connection.address;
      return handOn(kafka, () => OutboxBus.open(kafka, sql, log, { mostWaiting }));
    },
    close: () => connection.close(),
  };
}
