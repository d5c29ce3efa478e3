/** Servers that die, processes that stand still, members that come and go, cables that are pulled, disks that fill. */
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@roofshot/testing/eventually';
import type { SmallDisk } from '@roofshot/testing/small-disk';
import { BOTH, BROKERS, EMBEDDED, NOWHERE, type Fault, type Scene } from './fault.ts';
import type { Twin } from './platform.ts';
import { post } from './load.ts';
import type { ServerPart } from './servers.ts';

const PATIENCE = { deadlineMs: 90_000 };
const TURNS = 3;
const PARTITIONS_OF = 'events.order.placed';

function serverOf({ platform }: Scene, part: ServerPart) {
  const server = platform.servers.behind[part];
  if (server === undefined) throw new Error(`There is no ${part} behind this platform.`);
  return server;
}

async function killServer(scene: Scene, part: ServerPart): Promise<number> {
  const at = Date.now();
  await serverOf(scene, part).kill9();
  await serverOf(scene, part).restart();
  return at;
}

async function restartServer(scene: Scene, part: ServerPart): Promise<number> {
  const at = Date.now();
  await serverOf(scene, part).restart();
  return at;
}

async function freezeServer(scene: Scene, part: ServerPart): Promise<number> {
  const at = Date.now();
  await serverOf(scene, part).freeze();
  await delay(scene.lastsMs);
  await serverOf(scene, part).thaw();
  return at;
}

/** Nobody stands in for it: its users wait. */
async function freezeAlone({ platform, lastsMs }: Scene, service: string): Promise<number> {
  const program = platform.six.program(service);
  const at = Date.now();
  program.freeze();
  await delay(lastsMs);
  program.thaw();
  return at;
}

interface Health {
  readonly deliveries: readonly { readonly topic?: string; readonly mode?: string }[];
}

/** How many partitions of the orders it reads for its service. */
async function share(url: string): Promise<number> {
  const answer = await fetch(`${url}/healthz`);
  const { deliveries } = (await answer.json()) as Health;
  return deliveries.filter(({ topic, mode }) => topic === PARTITIONS_OF && mode === 'group').length;
}

async function joined(twin: Twin, least = 1): Promise<void> {
  await twin.awaitReady();
  await eventually(async () => (await share(twin.url)) >= least, { ...PATIENCE, describe: 'the second member to have its share' });
}

/** The heir takes everything over; when the frozen one wakes in the middle of its work, it must change nothing. */
async function freezeMember({ platform, lastsMs }: Scene): Promise<number> {
  const all = await eventually(() => share(platform.features), PATIENCE);
  const twin = await platform.addTwin('features');
  await joined(twin);
  const at = Date.now();
  platform.six.program('features').freeze();
  await delay(lastsMs);
  await joined(twin, all);
  platform.six.program('features').thaw();
  return at;
}

/** A second member that comes, leaves in order, comes again and dies, and comes again. */
async function rebalance({ platform }: Scene, service: string): Promise<number> {
  const at = Date.now();
  const twin = await platform.addTwin(service);
  for (let turn = 0; turn < TURNS; turn += 1) {
    await joined(twin);
    await (turn % 2 === 0 ? twin.program.stop() : twin.program.kill());
    twin.program.launch();
  }
  await joined(twin);
  return at;
}

/** A consumer that reads nothing and does not crash: it must be told as not alive, with the reason, so that it is restarted. */
async function muteFetches({ platform }: Scene): Promise<number> {
  const at = Date.now();
  const answer = platform.proxies
    .of('features', 'kafka')
    .intercept(({ side, name, bytes }) => (side === 'server' && name === 'Fetch' ? undefined : bytes));
  const health = async (): Promise<{ status: number; text: string }> => {
    const answered = await fetch(`${platform.features}/healthz`);
    return { status: answered.status, text: await answered.text() };
  };
  await eventually(
    async () => {
      const { status, text } = await health();
      return status === 503 && text.includes('timed out');
    },
    { ...PATIENCE, deadlineMs: 150_000, describe: '/healthz to be 503 and to say why' },
  );
  answer();
  await eventually(async () => (await health()).status === 200, { ...PATIENCE, describe: '/healthz to be 200 again' });
  return at;
}

async function cut({ platform, lastsMs }: Scene, service: string, how: 'fallSilent' | 'refuse'): Promise<number> {
  const at = Date.now();
  for (const proxy of platform.proxies.all(service)) proxy[how]();
  await delay(lastsMs);
  for (const proxy of platform.proxies.all(service)) proxy.heal();
  return at;
}

async function fillDatabase({ platform, load }: Scene): Promise<number> {
  const { database } = platform.disks;
  if (database === undefined) throw new Error('There is no small disk for the database.');
  const at = Date.now();
  let before = -1;
  await untilFull(database, () => {
    const { length } = load.events.acknowledged;
    const stands = length === before;
    before = length;
    return stands;
  });
  database.free();
  const { postgres } = platform.servers.behind;
  if (!(await postgres.isRunning())) await postgres.restart();
  return at;
}

async function fillSpool({ platform }: Scene): Promise<number> {
  const { spool } = platform.disks;
  if (spool === undefined) throw new Error('There is no small disk for the spool.');
  const at = Date.now();
  const question = { unit: 'full', entities: { customer: 'full' }, context: { amount: 1 } };
  await untilFull(spool, async () => {
    const answer = await post(`${platform.six.urlOf('serving')}/v1/predict/order-risk`, question, 'application/json');
    return answer?.status === 503;
  });
  spool.free();
  return at;
}

/** The disk is filled again and again, because programs give space back. */
async function untilFull(disk: SmallDisk, isFelt: () => boolean | Promise<boolean>): Promise<void> {
  const look = async (): Promise<boolean> => {
    disk.fill();
    return isFelt();
  };
  await eventually(look, { ...PATIENCE, describe: 'the full disk to be felt' });
}

export const serverFaults: readonly Fault[] = [
  { name: 'kill -9 of Kafka, and its restart', grounds: BROKERS, short: BROKERS, strike: (scene) => killServer(scene, 'kafka') },
  { name: 'Kafka stands still', grounds: BROKERS, short: NOWHERE, strike: (scene) => freezeServer(scene, 'kafka') },
  { name: 'kill -9 of RabbitMQ, and its restart', grounds: BROKERS, short: NOWHERE, strike: (scene) => killServer(scene, 'rabbitmq') },
  { name: 'RabbitMQ stands still', grounds: BROKERS, short: NOWHERE, strike: (scene) => freezeServer(scene, 'rabbitmq') },
  { name: 'restart of PostgreSQL', grounds: BOTH, short: EMBEDDED, strike: (scene) => restartServer(scene, 'postgres') },
  { name: 'kill -9 of PostgreSQL, and its restart', grounds: BOTH, short: NOWHERE, strike: (scene) => killServer(scene, 'postgres') },
  { name: 'a member of features stands still, and wakes', grounds: BOTH, short: BROKERS, strike: freezeMember },
  { name: 'ingestion stands still, and wakes', grounds: BOTH, short: NOWHERE, strike: (scene) => freezeAlone(scene, 'ingestion') },
  { name: 'serving stands still, and wakes', grounds: BOTH, short: NOWHERE, strike: (scene) => freezeAlone(scene, 'serving') },
  { name: 'a second member of features comes and goes', grounds: BOTH, short: EMBEDDED, strike: (scene) => rebalance(scene, 'features') },
  { name: 'ingestion is cut off, silently', grounds: BOTH, short: EMBEDDED, strike: (scene) => cut(scene, 'ingestion', 'fallSilent') },
  { name: 'Kafka answers no fetch of features', grounds: BROKERS, short: NOWHERE, strike: muteFetches },
  { name: 'features is cut off, silently', grounds: BOTH, short: NOWHERE, strike: (scene) => cut(scene, 'features', 'fallSilent') },
  { name: 'serving is cut off, silently', grounds: BOTH, short: NOWHERE, strike: (scene) => cut(scene, 'serving', 'fallSilent') },
  { name: 'ingestion is cut off, refused', grounds: BOTH, short: NOWHERE, strike: (scene) => cut(scene, 'ingestion', 'refuse') },
  { name: 'features is cut off, refused', grounds: BOTH, short: NOWHERE, strike: (scene) => cut(scene, 'features', 'refuse') },
  { name: 'the disk of the database and its outbox is full', grounds: BOTH, short: NOWHERE, needsDisks: true, strike: fillDatabase },
  { name: "the disk of serving's spool is full", grounds: BOTH, short: NOWHERE, needsDisks: true, strike: fillSpool },
];
