/** The whole loop on its embedded ports, through HTTP, with the real flights. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { applySet } from '@roofshot/cli/apply-set';
import { loadResources } from '@roofshot/cli/load-resources';
import { flightEvents, type FlightEvent } from '../../examples/flights/data/events.ts';
import { Api } from '../../examples/flights/demo/api.ts';
import { platformMemoryMb } from '../../examples/flights/demo/memory.ts';
import { startPlatform, type RunningPlatform } from '../../examples/flights/demo/platform.ts';
import { Replay } from '../../examples/flights/demo/replay.ts';
import { type Row, atLeast, atMost, quantile, round } from './rows.ts';

const WARM = { first: '2001-01-01', last: '2001-01-07' };
const TRAIN_TO = '2001-01-06T00:00:00Z';
const STEPS_TO = '2001-01-07T00:00:00Z';
const SINGLES = 500;
const SINGLE_EVERY_MS = 20;
const RATE_PER_S = 1_000;
const RATE_SECONDS = 10;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

export async function benchLoop(): Promise<Row[]> {
  const data = mkdtempSync(join(tmpdir(), 'roofshot-bench-'));
  let platform = await startPlatform(data);
  try {
    const readyNew = platform.readySeconds;
    const { loop, steps, singles, fresh, memory } = await measure(platform);
    say('Starting again on the same folder …');
    await platform.stop();
    platform = await startPlatform(data);
    return [
      { key: 'loop_events_per_s', value: round(loop), unit: 'events/s', bar: atLeast(3_000) },
      { key: 'replay_step_ms_p50', value: round(quantile(steps, 0.5)), unit: 'ms', bar: atMost(50) },
      { key: 'ready_seconds_existing', value: round(platform.readySeconds), unit: 's', bar: atMost(10) },
      { key: 'ready_seconds_new', value: round(readyNew), unit: 's', bar: atMost(25) },
      { key: 'event_to_feature_ms_p99', value: round(quantile(fresh, 0.99)), unit: 'ms', bar: atMost(500, 'at 1,000 events/s') },
      { key: 'predict_ms_p50', value: round(quantile(singles, 0.5)), unit: 'ms', bar: atMost(5, '50 requests a second') },
      {
        key: 'all_in_one_memory_mb',
        value: round(memory),
        unit: 'MB',
        bar: atMost(600, 'without PostgreSQL; trainers are processes of their own'),
      },
    ];
  } finally {
    await platform.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

interface Measured {
  readonly loop: number;
  readonly steps: readonly number[];
  readonly singles: readonly number[];
  readonly fresh: readonly number[];
  readonly memory: number;
}

async function measure(platform: RunningPlatform): Promise<Measured> {
  const api = new Api(platform.url);
  const { resources } = loadResources([resolve('examples/flights')]);
  const { faults } = await applySet(platform.url, resources);
  if (faults.length > 0) throw new Error(JSON.stringify(faults));
  const replay = new Replay(api, flightEvents({ days: [WARM] }));
  say('Events to features, as fast as they are taken …');
  const began = performance.now();
  await replay.sendUntil(TRAIN_TO);
  const loop = replay.totals.events / ((performance.now() - began) / 1000);
  await trainOne(api);
  say('Steps of five minutes with predictions …');
  await replay.stepUntil(STEPS_TO);
  say('Single predictions …');
  const singles = await singlePredictions(api);
  say(`${RATE_PER_S} events a second …`);
  const fresh = await freshness(api);
  return { loop, steps: replay.totals.stepMs, singles, fresh, memory: platformMemoryMb(platform.pid) };
}

async function trainOne(api: Api): Promise<void> {
  say('A model …');
  const { runId } = await api.startRun('delay-static', { from: '2001-01-02T00:00:00Z', to: TRAIN_TO, asOf: TRAIN_TO });
  const run = await api.awaitRun(runId);
  if (run.state !== 'finished') throw new Error(`The run ${run.state}: ${run.because}`);
  await api.awaitVersion(1);
  await api.awaitServing('champion', 1);
}

/**
 * One question a request with stored features, 50 requests a second: the latency of a request, not of a queue. (One behind the other without
 * a pause they also wait for what the process does with the answer before: the p50 is then about 5.5 ms.)
 */
async function singlePredictions(api: Api): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < SINGLES; index += 1) {
    const began = performance.now();
    await api.predict([
      {
        unit: `bench-${index}`,
        entities: { origin: index % 2 === 0 ? 'ORD' : 'DFW', destination: 'LAX' },
        context: { hour: 7, weekday: 0, distance: 1745 },
        asOf: STEPS_TO,
      },
    ]);
    times.push(performance.now() - began);
    await pause(SINGLE_EVERY_MS - (performance.now() - began));
  }
  return times;
}

/** From the request with an event to the answer that its value can be read, while 1,000 events a second come in. */
async function freshness(api: Api): Promise<number[]> {
  const perTick = 10;
  const everyMs = (1000 * perTick) / RATE_PER_S;
  const waits: Promise<number>[] = [];
  const began = performance.now();
  for (let tick = 0; tick < (RATE_SECONDS * 1000) / everyMs; tick += 1) {
    const due = began + tick * everyMs;
    await pause(due - performance.now());
    waits.push(sendAndWait(api, tick, perTick));
  }
  return Promise.all(waits);
}

async function pause(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await new Promise((wake) => setTimeout(wake, milliseconds));
}

async function sendAndWait(api: Api, tick: number, count: number): Promise<number> {
  const began = performance.now();
  const at = Date.parse(STEPS_TO) + tick * 1000;
  await api.sendEvents(
    Array.from({ length: count }, (_, index) => landing(tick * count + index, at)),
    new Date(at + 1).toISOString(),
  );
  await api.awaitFeatures(new Date(at + 1).toISOString());
  return performance.now() - began;
}

function landing(number: number, at: number): FlightEvent {
  const flight = `bench-${number}`;
  const time = new Date(at).toISOString();
  const data = { flight, origin: 'ORD', destination: number % 2 === 0 ? 'LAX' : 'SFO', distance: 1745, delay: (number % 60) - 20 };
  return {
    specversion: '1.0',
    id: `${flight}#landed`,
    source: '/bench',
    type: 'flight.landed',
    subject: flight,
    time,
    knowntime: time,
    data,
  };
}
