/**
 * The replay is a clock. It sends events in steps of event time, waits until the platform says that everything before the
 * step has been applied, asks for the step's predictions as of their own event time, and only then goes on.
 * So the result does not depend on how fast the machine is.
 */
import type { EventsAnswer } from '@roofshot/contracts/http/ingestion';
import type { Prediction, PredictRequest } from '@roofshot/contracts/http/serving';
import type { FlightEvent } from '../data/events.ts';
import type { Api } from './api.ts';
import { iso, millis, STEP } from './calendar.ts';

/** Events in one request while nobody waits for predictions. */
const BULK = 1000;
/** Bulk requests under way at once. */
const IN_FLIGHT = 3;

export interface ReplayTotals {
  events: number;
  readonly verdicts: { accepted: number; duplicate: number; late: number; quarantined: number };
  predictions: number;
  steps: number;
  featureAgeMaxSeconds: number;
  readonly stepMs: number[];
}

export interface StepSeen {
  /** Start of the step, epoch ms. */
  readonly start: number;
  readonly predictions: readonly Prediction[];
}

export interface ReplayHooks {
  /** After every request: event time reached. */
  readonly moved?: (eventTime: number) => void;
  /** Changes a question before it is asked (the key fault). */
  readonly ask?: (request: PredictRequest, eventTime: number) => PredictRequest;
  /** While the store's fault is on, ages are high and meant to be: they are reported with the fault. */
  readonly staleOnPurpose?: boolean;
  readonly stepped?: (step: StepSeen) => Promise<void>;
}

export class Replay {
  readonly totals: ReplayTotals = {
    events: 0,
    verdicts: { accepted: 0, duplicate: 0, late: 0, quarantined: 0 },
    predictions: 0,
    steps: 0,
    featureAgeMaxSeconds: 0,
    stepMs: [],
  };
  private readonly api: Api;
  private readonly source: AsyncIterator<FlightEvent>;
  private next: FlightEvent | undefined;
  private exhausted = false;
  /** Events of steps whose predictions have been asked, to be sent with the next. */
  private readonly pending: FlightEvent[] = [];

  constructor(api: Api, events: AsyncIterable<FlightEvent>) {
    this.api = api;
    this.source = events[Symbol.asyncIterator]();
  }

  /** Sends everything before `time` as fast as it is taken, then says so and waits until it is applied. */
  async sendUntil(time: string, hooks: ReplayHooks = {}): Promise<void> {
    const underWay = new Set<Promise<void>>();
    for (let batch = await this.take(millis(time), BULK); batch.length > 0; batch = await this.take(millis(time), BULK)) {
      // A failed one stays: it is thrown where the next is waited for.
      const sent = this.send(batch).then(() => {
        underWay.delete(sent);
        hooks.moved?.(millis(batch.at(-1)?.time ?? time));
      });
      // Its fellows fail as well, of the same cause, when nobody waits for them any more.
      sent.catch(() => undefined);
      underWay.add(sent);
      if (underWay.size >= IN_FLIGHT) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    await this.send([], time);
    await this.api.awaitFeatures(time);
  }

  /** Steps with predictions from the current place to `to`. Steps in which nothing departs are skipped: their events go with the next. */
  async stepUntil(to: string, hooks: ReplayHooks = {}): Promise<void> {
    for (let first = await this.peek(); first !== undefined && millis(first.time) < millis(to); first = await this.peek()) {
      const start = Math.floor(millis(first.time) / STEP) * STEP;
      const events = await this.take(Math.min(start + STEP, millis(to)), Number.POSITIVE_INFINITY);
      const departures = events.filter((event) => event.type === 'flight.departed');
      if (departures.length > 0) await this.step(start, departures, hooks);
      this.pending.push(...events);
      hooks.moved?.(start + STEP);
    }
    await this.flush(to);
  }

  private async step(start: number, departures: readonly FlightEvent[], hooks: ReplayHooks): Promise<void> {
    const began = performance.now();
    await this.flush(iso(start));
    const questions = departures.map((event) => (hooks.ask ?? ((request) => request))(questionOf(event), millis(event.time)));
    const predictions = await this.api.predict(questions);
    this.totals.stepMs.push(performance.now() - began);
    this.totals.steps += 1;
    this.totals.predictions += predictions.length;
    if (hooks.staleOnPurpose !== true) this.noteAge(predictions);
    await hooks.stepped?.({ start, predictions });
  }

  /** Sends what has gathered and waits until everything before `time` is applied. */
  private async flush(time: string): Promise<void> {
    await this.send(this.pending.splice(0), time);
    await this.api.awaitFeatures(time);
  }

  private noteAge(predictions: readonly Prediction[]): void {
    for (const { featureAgeSeconds } of predictions)
      this.totals.featureAgeMaxSeconds = Math.max(this.totals.featureAgeMaxSeconds, featureAgeSeconds);
  }

  private async send(batch: readonly FlightEvent[], progress?: string): Promise<void> {
    const answer = await this.api.sendEvents(batch, progress);
    this.totals.events += batch.length;
    addVerdicts(this.totals.verdicts, answer);
  }

  /** The next event without taking it; undefined at the end. */
  private async peek(): Promise<FlightEvent | undefined> {
    if (this.next === undefined && !this.exhausted) {
      const item = await this.source.next();
      if (item.done === true) this.exhausted = true;
      else this.next = item.value;
    }
    return this.next;
  }

  /** Events with time < `before`, at most `limit`. */
  private async take(before: number, limit: number): Promise<FlightEvent[]> {
    const taken: FlightEvent[] = [];
    for (let event = await this.peek(); event !== undefined && taken.length < limit; event = await this.peek()) {
      if (millis(event.time) >= before) break;
      taken.push(event);
      this.next = undefined;
    }
    return taken;
  }
}

function questionOf(event: FlightEvent): PredictRequest {
  const { flight, origin, destination, distance } = event.data;
  const { hour, weekday } = event.data as { hour: number; weekday: number };
  return {
    predictionId: `${flight}#risk`,
    unit: flight,
    entities: { origin, destination },
    context: { hour, weekday, distance },
    asOf: event.time,
  };
}

function addVerdicts(totals: ReplayTotals['verdicts'], answer: EventsAnswer): void {
  totals.accepted += answer.accepted;
  totals.duplicate += answer.duplicate;
  totals.late += answer.late;
  totals.quarantined += answer.quarantined;
}
