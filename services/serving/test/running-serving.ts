import { predictions } from '@roofshot/contracts/predictions';
import { run, type Running } from '@roofshot/runtime/run';
import { SettableClock } from '@roofshot/testing/clock';
import { serving } from '../src/service.ts';
import type { Served } from '../src/spool/entries.ts';
import { MINUTE, noon, ServingLab } from './serving-lab.ts';

export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly faults?: readonly { path: string; message: string }[];
}

export const problemOf = (answer: { body: unknown }): Problem => answer.body as Problem;

/** The service in this process. */
export class RunningServing {
  readonly lab: ServingLab;
  readonly clock = new SettableClock(noon);
  #running: Running | undefined;
  readonly #env: Record<string, string>;

  private constructor(lab: ServingLab, env: Record<string, string>) {
    this.lab = lab;
    this.#env = env;
  }

  /** With `EVENTS_URL`, the other services' topics are on that log, too. `before`: what an earlier process has left. */
  static async start(env: Record<string, string> = {}, before?: (lab: ServingLab) => Promise<void>): Promise<RunningServing> {
    const running = new RunningServing(await ServingLab.open(env['EVENTS_URL']), env);
    await before?.(running.lab);
    await running.restart();
    return running;
  }

  /** With a deployment `delays`: the timetable's version 1 is champion, the streaming one, 2, challenger; two airports are known. */
  static async withDelays(env: Record<string, string> = {}, before?: (lab: ServingLab) => Promise<void>): Promise<RunningServing> {
    const running = await RunningServing.start(env, before);
    const { lab } = running;
    await lab.declareFeatures();
    await lab.putLandings('ORD', [30, 5, 40, 0]);
    await lab.putLandings('LAX', [5]);
    await lab.putProgress(noon - 2 * MINUTE);
    await lab.moveAlias('champion', 1, 'timetable');
    await lab.moveAlias('challenger', 2, 'streaming');
    await lab.deploy();
    await lab.awaitServing({ champion: 1, challenger: 2 });
    return running;
  }

  async restart(): Promise<void> {
    await this.#running?.stop();
    this.#running = await run([serving], { env: { ...this.lab.env, ...this.#env }, clock: this.clock.now });
    this.lab.url = this.#running.urls['serving'] ?? '';
    await this.lab.ready();
  }

  async stop(): Promise<void> {
    await this.#running?.stop();
    await this.lab.close();
  }

  /** The one event that was logged for a prediction. */
  async logged(predictionId: string): Promise<Served> {
    await this.lab.published();
    const found = (await this.lab.read<Served>(predictions, 'prediction.served')).filter(({ data }) => data.predictionId === predictionId);
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Error(`${found.length} events tell of the prediction ${predictionId}`);
    return only.data;
  }
}
