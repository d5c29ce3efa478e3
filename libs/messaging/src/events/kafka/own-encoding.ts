import type { Kafka } from 'kafkajs';
import produceResponse from 'kafkajs/src/protocol/requests/produce/v7/response.js';
import { encodeProduceRequest, type ProduceWish } from './produce-protocol.ts';

interface Broker {
  produce(wish: ProduceWish): Promise<unknown>;
  disconnect(): Promise<void>;
  readonly connectionPool: { send(call: object): Promise<unknown> };
}

interface Cluster {
  findBroker(node: { readonly nodeId: number }): Promise<Broker>;
}

const PRODUCE = { apiKey: 0, apiVersion: 7, apiName: 'Produce' } as const;

/** Under which kafkajs 2.2.4 keeps how it makes a cluster's connections. */
export function clusterMaker(kafka: Kafka): symbol {
  const own = Object.getOwnPropertySymbols(kafka).find(({ description }) => description === 'private:Kafka:createCluster');
  if (own === undefined)
    throw new Error('This version of kafkajs is made differently inside. Install the one that package-lock.json names (npm ci).');
  return own;
}

/**
 * The client, whose producers write their records by our own hand: kafkajs makes a buffer of 511 bytes for each header of each record,
 * which is most of what sending costs (docs/adr/0027). Leaders, retries, sequence numbers and connections stay its own.
 */
export function encodingOwn(kafka: Kafka): Kafka {
  const maker = clusterMaker(kafka);
  const make = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[maker];
  const value = (options: object): Cluster | undefined => {
    const cluster = make?.(options);
    if (cluster !== undefined) teach(cluster);
    return cluster;
  };
  return Object.create(kafka, { [maker]: { value } }) as Kafka;
}

function teach(cluster: Cluster): void {
  const find = cluster.findBroker.bind(cluster);
  cluster.findBroker = async (node) => {
    const broker = await find(node);
    broker.produce = (wish) => produce(broker, wish);
    return broker;
  };
}

async function produce(broker: Broker, wish: ProduceWish): Promise<unknown> {
  const encode = (): Promise<object> => {
    const bytes = encodeProduceRequest(wish, Date.now());
    return Promise.resolve({ buf: bytes, buffer: bytes });
  };
  try {
    return await broker.connectionPool.send({ request: { ...PRODUCE, expectResponse: () => true, encode }, response: produceResponse });
  } catch (error) {
    if (error instanceof Error && error.name === 'KafkaJSConnectionClosedError') await broker.disconnect(); // as kafkajs does
    throw error;
  }
}
