/** Events through ingestion's HTTP door, against what the bare client does with the same events in the same run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import type { Sql } from '@roofshot/storage/sql';
import { testDatabase } from '@roofshot/testing/postgres';
import { startServer } from '@roofshot/testing/start-server';
import { overload, type Overloaded } from './ingestion-overload.ts';
import { IngestionProcess } from './ingestion-process.ts';
import { Poster } from './poster.ts';
import { atLeast, atMost, round, type Row } from './rows.ts';

const SINGLES = 40_000;
const IN_FLIGHT = 64;
const BATCHED = 200_000;
const BATCH = 100;
const CALLERS = 8;
const LINES = 3_000_000;

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

export async function benchIngestion(): Promise<Row[]> {
  const onKafka = await withKafka();
  const embedded = await inOneDatabase();
  return [
    {
      key: 'single_posts_per_cpu_s',
      value: round(onKafka.singlesPerCpu),
      unit: 'posts/s',
      bar: atLeast(5_000, 'Kafka; of ingestion’s own processor time'),
    },
    {
      key: 'single_posts_ratio_to_bare_kafkajs',
      value: round(onKafka.singlesRatio),
      unit: 'ratio',
      bar: atLeast(1, `sent one by one, ${IN_FLIGHT} in flight`),
    },
    {
      key: 'batch100_cpu_us_per_event_kafka',
      value: round(onKafka.batchCpu),
      unit: 'µs',
      bar: atMost(60, 'ingestion’s own, until all lie in Kafka'),
    },
    {
      key: 'batch100_ratio_to_bare_kafkajs',
      value: round(onKafka.batchRatio),
      unit: 'ratio',
      bar: atLeast(0.4, `${CALLERS} callers, until all lie in Kafka`),
    },
    { key: 'batch100_events_per_s_embedded', value: round(embedded.batch), unit: 'events/s', bar: atLeast(20_000) },
    {
      key: 'bulk_events_per_s',
      value: round(embedded.bulk),
      unit: 'events/s',
      bar: atLeast(20_000, `${LINES.toLocaleString('en')} flights in one request`),
    },
    { key: 'bulk_memory_mb', value: round(embedded.memory), unit: 'MB', bar: atMost(400, 'the most that ingestion had') },
    {
      key: 'overload_admitted_p99_ms',
      value: round(onKafka.overloaded.p99),
      unit: 'ms',
      bar: atMost(250, `open loop of batches at twice what it can take; ${onKafka.overloaded.lost} acknowledged events lost`),
    },
  ];
}

interface OnKafka {
  readonly singlesPerCpu: number;
  readonly singlesRatio: number;
  readonly batchCpu: number;
  readonly batchRatio: number;
  readonly overloaded: Overloaded;
}

async function withKafka(): Promise<OnKafka> {
  const folder = mkdtempSync(join(tmpdir(), 'roofshot-bench-'));
  const [kafka, database] = [await startServer('kafka', { folder: join(folder, 'kafka') }), await testDatabase()];
  const urls = { SQL_URL: database.url, COMMANDS_URL: database.url, EVENTS_URL: `${kafka.url}?partitions=4` };
  const ingestion = await IngestionProcess.start(folder, urls);
  const client = new Kafka({ brokers: [new URL(kafka.url).host], logLevel: logLevel.NOTHING });
  const producer = client.producer();
  try {
    await declareReadings(ingestion);
    await producer.connect();
    await createTopic(client, 'bare');
    const leaves = (): Promise<void> => outboxIsEmpty(database.sql);
    const singles = await inTurns(
      'Single posts',
      () => post(ingestion, { events: SINGLES, each: 1, callers: IN_FLIGHT, leaves }),
      () => bare(producer, SINGLES, 1),
    );
    const batches = await inTurns(
      'Batches of 100',
      () => post(ingestion, { events: BATCHED, each: BATCH, callers: CALLERS, leaves }),
      () => bare(producer, BATCHED, BATCH),
    );
    const overloaded = await overload({
      ingestion,
      kafka: client,
      saturation: batches.perSecond / BATCH,
      batch: () => count(BATCH).map(reading),
    });
    say(`Overload: ${overloaded.admitted} requests admitted, ${overloaded.refused} refused, ${overloaded.lost} events lost`);
    if (overloaded.lost > 0) throw new Error(`${overloaded.lost} acknowledged events are not on the log.`);
    return {
      singlesPerCpu: 1e6 / singles.cpu,
      singlesRatio: singles.ratio,
      batchCpu: batches.cpu,
      batchRatio: batches.ratio,
      overloaded,
    };
  } finally {
    await producer.disconnect();
    await ingestion.stop();
    await kafka.stop();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inOneDatabase(): Promise<{ batch: number; bulk: number; memory: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'roofshot-bench-'));
  const database = await testDatabase();
  const ingestion = await IngestionProcess.start(folder, { SQL_URL: database.url, COMMANDS_URL: database.url, EVENTS_URL: database.url });
  try {
    await declareReadings(ingestion);
    const load = { events: BATCHED, each: BATCH, callers: CALLERS, leaves: () => Promise.resolve() };
    await post(ingestion, { ...load, events: BATCHED / 5 });
    const rates = [];
    for (const _ of count(3)) rates.push((await post(ingestion, load)).perSecond);
    say(`Batches of 100, embedded: ${rates.map(Math.round).join(', ')} events/s`);
    return { batch: median(rates), ...(await sendFlights(ingestion)) };
  } finally {
    await ingestion.stop();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each pair in turns, so that whatever else the machine does meets both; the medians are compared. */
async function inTurns(what: string, ours: () => Promise<Posted>, theirs: () => Promise<number>): Promise<Posted & { ratio: number }> {
  await ours();
  await theirs();
  const [rates, costs, bares]: [number[], number[], number[]] = [[], [], []];
  for (const _ of count(3)) {
    const { perSecond, cpu } = await ours();
    const rate = await theirs();
    say(`${what}: ${Math.round(perSecond)}/s at ${cpu.toFixed(1)} µs of ingestion's processor time, bare kafkajs ${Math.round(rate)}/s`);
    rates.push(perSecond);
    costs.push(cpu);
    bares.push(rate);
  }
  return { cpu: median(costs), perSecond: median(rates), ratio: median(rates) / median(bares) };
}

let ids = 0;
function reading(): { readonly id: string } & Record<string, unknown> {
  ids += 1;
  const unit = `unit-${ids % 1_000}`;
  const data = { unit, value: ids, note: 'a reading as a sensor would send it, with some words to make it as long as events are' };
  return {
    specversion: '1.0',
    id: `r${ids}`,
    source: '/bench',
    type: 'value.measured',
    subject: unit,
    time: new Date().toISOString(),
    data,
  };
}

function declareReadings(ingestion: IngestionProcess): Promise<void> {
  const properties = { unit: { type: 'string' }, value: { type: 'number' }, note: { type: 'string' } };
  return ingestion.declare('value.measured', { type: 'object', required: ['unit', 'value'], properties });
}

interface Load {
  readonly events: number;
  readonly each: number;
  readonly callers: number;
  /** Resolves when what was answered lies on the log. */
  readonly leaves: () => Promise<void>;
}

interface Posted {
  readonly perSecond: number;
  /** Microseconds of ingestion's processor time for an event. */
  readonly cpu: number;
}

async function post(ingestion: IngestionProcess, { events, each, callers, leaves }: Load): Promise<Posted> {
  const bodies = count(events / each).map(() => JSON.stringify(each === 1 ? reading() : count(each).map(reading)));
  const type = each === 1 ? 'application/cloudevents+json' : 'application/cloudevents-batch+json';
  const poster = new Poster(ingestion.url, callers);
  const [began, before] = [performance.now(), ingestion.cpuSeconds()];
  const caller = async (): Promise<void> => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
      const status = await poster.post(type, body);
      if (status !== 202) throw new Error(`ingestion answered ${status}.`);
    }
  };
  await Promise.all(count(callers).map(caller));
  await leaves();
  const seconds = (performance.now() - began) / 1_000;
  await poster.close();
  return { perSecond: events / seconds, cpu: ((ingestion.cpuSeconds() - before) / events) * 1e6 };
}

async function outboxIsEmpty(sql: Sql): Promise<void> {
  while ((await sql.query('SELECT 1 FROM outbox_events.outbox LIMIT 1')).length > 0) await delay(5);
}

async function createTopic(client: Kafka, topic: string): Promise<void> {
  const admin = client.admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 4 }], waitForLeaders: true });
  await admin.disconnect();
}

/** The same events as records, acknowledged by all replicas; events a second. */
async function bare(producer: Producer, events: number, each: number): Promise<number> {
  let left = events / each;
  const began = performance.now();
  const caller = async (): Promise<void> => {
    while (left-- > 0) await producer.send({ topic: 'bare', acks: -1, messages: count(each).map(asRecord) });
  };
  await Promise.all(count(each === 1 ? IN_FLIGHT : CALLERS).map(caller));
  return events / ((performance.now() - began) / 1_000);
}

function asRecord(): { key: string; value: string; headers: Record<string, string> } {
  const { data, ...attributes } = reading();
  const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce_${name}`, String(value)]));
  return { key: String(attributes['subject']), value: JSON.stringify(data), headers };
}

/** All flights of the data as lines of one request; the verdicts are read as they come. */
async function sendFlights(ingestion: IngestionProcess): Promise<{ bulk: number; memory: number }> {
  await ingestion.declare('flight.listed', { type: 'object', required: ['origin', 'delay'], properties: { delay: { type: 'integer' } } });
  let [memory, accepted] = [0, 0];
  const watch = setInterval(() => (memory = Math.max(memory, ingestion.memoryMb())), 500);
  const began = performance.now();
  const headers = { 'content-type': 'application/x-ndjson' };
  const answer = await new Promise<Readable>((resolve, reject) => {
    const posted = request(`${ingestion.url}/v1/events`, { method: 'POST', headers }, resolve).once('error', reject);
    Readable.from(flightLines(), { objectMode: false }).pipe(posted);
  });
  for await (const line of createInterface({ input: answer })) if (line.includes('"verdict":"accepted"')) accepted += 1;
  clearInterval(watch);
  const seconds = (performance.now() - began) / 1_000;
  say(`Bulk: ${accepted} of ${LINES} accepted in ${seconds.toFixed(1)} s, at most ${memory.toFixed(0)} MB`);
  return { bulk: accepted / seconds, memory };
}

async function* flightLines(): AsyncGenerator<string> {
  const file = join(createRequire(import.meta.url).resolve('vega-datasets'), '../../data/flights-3m.parquet');
  const connection = await (await DuckDBInstance.create()).connect();
  const stream = await connection.stream(
    `SELECT '{"specversion":"1.0","source":"/bts","type":"flight.listed","id":"f' || row_number() OVER () || '","subject":"' || origin ||
       '","data":{"origin":"' || origin || '","destination":"' || destination || '","delay":' || delay || ',"distance":' || distance || '}}'
     FROM read_parquet('${file.replaceAll("'", "''")}') LIMIT ${LINES}`,
  );
  for await (const rows of stream.yieldRows()) yield `${rows.map(([line]) => String(line)).join('\n')}\n`;
  connection.closeSync();
}
