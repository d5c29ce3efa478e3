/** 29 January: two faults, two guardrails, two roll-backs that nobody asks for. */
import type { PredictRequest } from '@roofshot/contracts/http/serving';
import { HUBS } from '../data/airports.ts';
import type { Api } from './api.ts';
import { CALENDAR } from './calendar.ts';
import type { ReplayHooks, StepSeen } from './replay.ts';
import type { Stage } from './stages.ts';
import type { OnlineStoreFault } from './store-fault.ts';

export interface FaultSeen {
  readonly fault: string;
  /** Event time in which it was on, RFC 3339; the end is not in it. */
  readonly from: string;
  readonly to: string;
  /** Greatest feature age that an answer told while the fault was on, in seconds. */
  readonly ageMaxSeconds: number;
  readonly isRolledBack: boolean;
}

interface FaultStage extends Stage {
  readonly onlineStore: OnlineStoreFault;
}

export async function faultDay(stage: FaultStage): Promise<readonly [FaultSeen, FaultSeen]> {
  const { replay, progress } = stage;
  await replay.sendUntil(CALENDAR.faultDayFrom, { moved: (time) => progress.at(time) });
  await replay.stepUntil(CALENDAR.storeFault, quietly(stage));
  const store = await storeFault(stage);
  await setForwardAgain(stage);
  const keys = await keyFault(stage);
  return [store, keys];
}

const quietly = ({ progress }: Stage): ReplayHooks => ({ moved: (time) => progress.at(time) });

async function storeFault(stage: FaultStage): Promise<FaultSeen> {
  const watch = new Watch(stage.api);
  await stage.onlineStore.inject();
  try {
    await stage.replay.stepUntil(CALENDAR.healed, { ...quietly(stage), staleOnPurpose: true, stepped: watch.stepped });
  } finally {
    await stage.onlineStore.heal();
  }
  return watch.seen({ fault: 'writes to the online store stop', from: CALENDAR.storeFault, to: CALENDAR.healed });
}

/** By command, as an operator would once the store is well again. */
async function setForwardAgain({ api, replay, progress }: Stage): Promise<void> {
  await api.awaitOnline(CALENDAR.healed);
  await api.setAlias('champion', 2, 'the online store is well again');
  await api.awaitServing('champion', 2);
  await replay.stepUntil(CALENDAR.keyFault, { moved: (time) => progress.at(time) });
}

async function keyFault(stage: FaultStage): Promise<FaultSeen> {
  const watch = new Watch(stage.api);
  const shuffle = keyShuffle(HUBS);
  await stage.replay.stepUntil(CALENDAR.end, { ...quietly(stage), ask: shuffle, stepped: watch.stepped });
  return watch.seen({ fault: 'entity keys are mixed up', from: CALENDAR.keyFault, to: CALENDAR.end });
}

/** After each step experiments catches up, so that the number of answers until a roll-back is the same in every run. */
class Watch {
  readonly #api: Api;
  #before: number | undefined;
  #isRolledBack = false;
  #age = 0;

  constructor(api: Api) {
    this.#api = api;
  }

  readonly stepped = async ({ predictions }: StepSeen): Promise<void> => {
    for (const { featureAgeSeconds } of predictions) this.#age = Math.max(this.#age, featureAgeSeconds);
    if (this.#isRolledBack) return;
    this.#before ??= (await this.#api.results()).breaches.length;
    await this.#api.awaitExperiments();
    if ((await this.#api.results()).breaches.length === this.#before) return;
    this.#isRolledBack = true;
    await this.#api.awaitServing('champion', 1);
  };

  seen(fault: Pick<FaultSeen, 'fault' | 'from' | 'to'>): FaultSeen {
    return { ...fault, ageMaxSeconds: this.#age, isRolledBack: this.#isRolledBack };
  }
}

/**
 * Each question asks for two airports drawn by lot: names that exist, values that are fresh, and not this flight's. Drawn among
 * the hubs, in the whole network too: between two of its small airports nothing flies, and a missing value is another fault.
 */
export function keyShuffle(names: readonly string[]): (request: PredictRequest) => PredictRequest {
  const airports = names.toSorted();
  let state = 29;
  const draw = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * airports.length);
  };
  return (request) => {
    const origin = draw();
    const destination = (origin + 1 + (draw() % (airports.length - 1))) % airports.length;
    return { ...request, entities: { origin: airports[origin] ?? '', destination: airports[destination] ?? '' } };
  };
}
