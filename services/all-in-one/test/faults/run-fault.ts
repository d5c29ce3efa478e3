/** One fault under load, and what it has done: the same way for all of them. */
import { eventually } from '@roofshot/testing/eventually';
import { countsIn } from './effects.ts';
import type { Fault } from './fault.ts';
import { sumOf, type Send, type Verdict } from './history.ts';
import { Load } from './load.ts';
import type { FaultPlatform, Ground } from './platform.ts';

export interface Row extends Verdict {
  readonly fault: string;
  readonly ground: Ground;
  /** On the log a second time, and recognised by every reader: no double effect. */
  readonly repeated: number;
  /** From the fault until an event that was sent after it is counted, a question answered and a command carried out. */
  readonly secondsToRecover: number;
}

export interface RunOptions {
  /** Names the keys and ids of this run; used once. */
  readonly name: string;
  /** How long a fault that lasts is to last. */
  readonly lastsMs: number;
  /** Events that are acknowledged before the fault, and again after it. */
  readonly events: number;
}

const FLOWING = { deadlineMs: 60_000 };
/** A broker that was away is tried again with growing pauses. */
const RECOVERING = { deadlineMs: 120_000 };

/** What a load has sent is judged again by `judge` at the end of the whole run: an effect may come a second time much later. */
export interface Judged {
  readonly row: Row;
  readonly load: Load;
}

export async function runFault(platform: FaultPlatform, fault: Fault, { name, lastsMs, events }: RunOptions): Promise<Judged> {
  const load = new Load(platform.doors, name);
  try {
    await flow(load, events);
    const at = await fault.strike({ platform, load, lastsMs });
    await recover(platform, load);
    const secondsToRecover = (Date.now() - at) / 1_000;
    await flow(load, events);
    await load.end();
    await settle(platform, load);
    const { ground } = platform;
    const repeated = repetitionsIn(platform, load);
    return { row: { fault: fault.name, ground, ...(await judge(platform, load)), repeated, secondsToRecover }, load };
  } finally {
    await load.abandon();
    await platform.stopTwins();
  }
}

/** More of everything than there is. */
async function flow({ events, questions, commands }: Load, more: number): Promise<void> {
  const goals = [events, questions, commands].map((history, index) => ({
    history,
    goal: history.acknowledged.length + (index === 0 ? more : Math.ceil(more / 50)),
  }));
  await eventually(() => goals.every(({ history, goal }) => history.acknowledged.length >= goal), {
    ...FLOWING,
    describe: 'the load to flow',
  });
}

async function recover(platform: FaultPlatform, load: Load): Promise<void> {
  const before = { questions: load.questions.acknowledged.length, commands: load.commands.acknowledged.length };
  const customer = await load.sendOne(`mark-${load.events.acknowledged.length}`);
  await eventually(async () => (await countsIn(platform.features, [customer]))?.get(customer) === 1, {
    ...RECOVERING,
    describe: 'an event that was sent after the fault to be counted',
  });
  await eventually(() => load.questions.acknowledged.length > before.questions, { ...RECOVERING, describe: 'questions to be answered' });
  await eventually(() => load.commands.acknowledged.length > before.commands, { ...RECOVERING, describe: 'commands to be taken' });
}

/** Until nothing is missing, or nothing more has come for so long that it never will: a backlog may take its time. */
async function settle(platform: FaultPlatform, load: Load): Promise<void> {
  let [missing, comes] = [Number.POSITIVE_INFINITY, true];
  while (missing > 0 && comes) {
    const before = missing;
    const isLess = async (): Promise<boolean> => {
      missing = (await judge(platform, load)).lost;
      return missing < before;
    };
    comes = await eventually(isLess, RECOVERING).catch(() => false);
  }
}

/** Of all effects that there are by now. */
export async function judge(platform: FaultPlatform, load: Load): Promise<Verdict> {
  const { observer } = platform;
  await observer.look();
  const own = (sends: readonly Send[]): Send[] => sends.filter(({ key }) => key.startsWith(`${load.name}-`));
  const counts = await eventually(async () => (await countsIn(platform.features, load.customers)) ?? false, RECOVERING);
  const onLog = sumOf([
    load.events.judge(own(observer.orders.effects)),
    load.questions.judge(own(observer.answers.effects)),
    load.commands.judge(own([...observer.runs.effects, ...observer.snapshots.effects])),
  ]);
  const counted = load.events.judgeCounts(counts);
  return { ...onLog, lost: onLog.lost + counted.lost, doubled: onLog.doubled + counted.doubled };
}

function repetitionsIn({ observer }: FaultPlatform, { name }: Load): number {
  const repeated = observer.topics.flatMap((topic) => topic.repeated);
  return repeated.filter(({ key }) => key.startsWith(`${name}-`)).length;
}
