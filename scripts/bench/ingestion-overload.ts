/** Ingestion under twice the load that it can take: how soon what it takes is answered, and whether all of that lies on the log. */
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Consumer, Kafka } from 'kafkajs';
import type { IngestionProcess } from './ingestion-process.ts';
import { Poster } from './poster.ts';
import { quantile } from './rows.ts';

const SECONDS = 10;

export interface Overload {
  readonly ingestion: IngestionProcess;
  readonly kafka: Kafka;
  /** Requests a second that one after another are answered. */
  readonly saturation: number;
  /** One request's events, never the same ones twice. */
  readonly batch: () => readonly { readonly id: string }[];
}

export interface Overloaded {
  /** Of admitted requests, from the moment at which each was due, in ms. */
  readonly p99: number;
  readonly admitted: number;
  readonly refused: number;
  /** Acknowledged events that are not on the log. */
  readonly lost: number;
}

interface Sent {
  readonly ids: readonly string[];
  readonly status: number;
  readonly ms: number;
}

/** Requests leave when they are due, whatever became of the ones before. */
export async function overload({ ingestion, kafka, saturation, batch }: Overload): Promise<Overloaded> {
  const bodies = Array.from({ length: Math.round(2 * saturation * SECONDS) }, () => {
    const events = batch();
    return { ids: events.map(({ id }) => id), body: JSON.stringify(events) };
  });
  const poster = new Poster(ingestion.url, null);
  const began = performance.now();
  const sent: Promise<Sent>[] = [];
  for (const [index, { ids, body }] of bodies.entries()) {
    const due = began + (index * 1_000) / (2 * saturation);
    if (due > performance.now()) await delay(due - performance.now());
    sent.push(poster.post('application/cloudevents-batch+json', body).then((status) => ({ ids, status, ms: performance.now() - due })));
  }
  const answers = await Promise.all(sent);
  await poster.close();
  const admitted = answers.filter(({ status }) => status === 202);
  const others = answers.filter(({ status }) => status !== 202 && status !== 503);
  if (others.length > 0) throw new Error(`${others.length} requests were answered ${others[0]?.status}.`);
  const acknowledged = new Set(admitted.flatMap(({ ids }) => ids));
  return {
    p99: quantile(
      admitted.map(({ ms }) => ms),
      0.99,
    ),
    admitted: admitted.length,
    refused: answers.length - admitted.length,
    lost: await missing(kafka, acknowledged),
  };
}

/** How many of the events are not on the log, read whole by a client that is not ours. */
async function missing(kafka: Kafka, acknowledged: Set<string>): Promise<number> {
  const consumer: Consumer = kafka.consumer({ groupId: `bench-${process.pid}` });
  await consumer.connect();
  await consumer.subscribe({ topic: 'events.value.measured', fromBeginning: true });
  let seen = performance.now();
  await consumer.run({
    eachBatch: ({ batch: { messages } }) => {
      seen = performance.now();
      for (const { headers } of messages) acknowledged.delete(String(headers?.['ce_id']));
      return Promise.resolve();
    },
  });
  while (acknowledged.size > 0 && performance.now() - seen < 15_000) await delay(100);
  await consumer.disconnect();
  return acknowledged.size;
}
