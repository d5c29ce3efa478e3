/** kill -9 of a service's process at a step of its conversation with a server. */
import type { Moment } from '@roofshot/testing/wire-proxy';
import { BOTH, BROKERS, EMBEDDED, NOWHERE, type Fault, type Scene } from './fault.ts';
import type { Ground } from './platform.ts';
import type { ServerPart } from './servers.ts';

/** A step that never comes is a fault of this test. */
const COMING_MS = 60_000;

interface Point {
  readonly name: string;
  readonly part: ServerPart;
  readonly moment: Moment;
}

/** Six points: each step that makes something last, as it is about to be taken and when it is taken and the process does not know. */
const POINTS = {
  beforeProduce: { name: 'before produce', part: 'kafka', moment: { side: 'client', name: 'Produce' } },
  afterProduce: { name: 'after produce, before its answer', part: 'kafka', moment: { side: 'server', name: 'Produce' } },
  beforeCommit: { name: 'before the database commit', part: 'postgres', moment: { side: 'client', name: 'COMMIT' } },
  afterCommit: { name: 'after the database commit, before its answer', part: 'postgres', moment: { side: 'server', name: 'COMMIT' } },
  beforeAck: { name: 'before the ack of a command', part: 'rabbitmq', moment: { side: 'client', name: 'basic.ack' } },
  afterAck: { name: 'after the ack of a command', part: 'rabbitmq', moment: { side: 'client', name: 'basic.ack', arrives: true } },
  /** Kafka's own commit is for its tools alone; positions are in the database. */
  afterOffset: { name: 'after the offset commit', part: 'kafka', moment: { side: 'client', name: 'OffsetCommit', arrives: true } },
} as const satisfies Readonly<Record<string, Point>>;

/** Which of the requests it is varies, so that not always the first of a burst is hit. */
const NTH = [1, 3, 7];

function killAt(service: string, point: Point, turn: number): Fault {
  const nth = point.part === 'rabbitmq' ? 1 : (NTH[turn % NTH.length] ?? 1);
  return {
    name: `kill -9 of ${service} ${point.name}`,
    grounds: point.part === 'postgres' ? BOTH : BROKERS,
    short: SHORT.get(`${service} ${point.name}`) ?? NOWHERE,
    strike: (scene) => strikeAt(scene, service, { ...point, moment: { ...point.moment, nth } }),
  };
}

async function strikeAt({ platform }: Scene, service: string, { name, part, moment }: Point): Promise<number> {
  const { proxies, six } = platform;
  const killed = Promise.withResolvers<void>();
  let at = 0;
  const { cancel } = proxies.of(service, part).strike(moment, () => {
    at = Date.now();
    killed.resolve(six.program(service).kill());
  });
  await within(killed.promise, `${service} ${name}`).finally(cancel);
  await six.restart(service);
  return at;
}

/** Throws when it does not come. */
async function within(coming: Promise<void>, what: string): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Waited ${COMING_MS} ms for ${what}, in vain: the fault could not be made.`)),
    COMING_MS,
  );
  await Promise.race([coming, late.promise]).finally(() => clearTimeout(timer));
}

const { beforeProduce, afterProduce, beforeCommit, afterCommit, beforeAck, afterAck, afterOffset } = POINTS;

/** Each point once, and the four services that the load goes through. */
const SHORT: ReadonlyMap<string, readonly Ground[]> = new Map([
  [`serving ${beforeProduce.name}`, BROKERS],
  [`ingestion ${afterProduce.name}`, BROKERS],
  [`ingestion ${beforeCommit.name}`, EMBEDDED],
  [`features ${beforeCommit.name}`, BROKERS],
  [`features ${afterCommit.name}`, BOTH],
  [`training ${beforeAck.name}`, BROKERS],
  [`training ${afterAck.name}`, BROKERS],
]);

/** Each service at the steps that it takes. */
const STEPS: Readonly<Record<string, readonly Point[]>> = {
  ingestion: [beforeProduce, afterProduce, beforeCommit, afterCommit],
  features: [beforeProduce, afterProduce, beforeCommit, afterCommit, beforeAck, afterAck, afterOffset],
  serving: [beforeProduce, afterProduce, beforeCommit, afterCommit],
  training: [beforeProduce, afterProduce, beforeCommit, afterCommit, beforeAck, afterAck],
  registry: [beforeProduce, afterProduce, beforeCommit, afterCommit],
  experiments: [beforeProduce, afterProduce, beforeCommit, afterCommit, afterOffset],
};

export const killFaults: readonly Fault[] = Object.entries(STEPS).flatMap(([service, points]) =>
  points.map((point, turn) => killAt(service, point, turn)),
);
