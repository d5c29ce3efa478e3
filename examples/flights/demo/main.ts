/** `npm run demo`: from the first event to the last decision, on real flights. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { applySet } from '@roofshot/cli/apply-set';
import { loadResources, type LoadedResource } from '@roofshot/cli/load-resources';
import { flightEvents } from '../data/events.ts';
import { Api } from './api.ts';
import { CALENDAR, experimentOf } from './calendar.ts';
import { faultDay } from './fault-day.ts';
import { openLog, readDisagreement, readRollBacks } from './log-reading.ts';
import { exportLog } from './event-log.ts';
import { startPlatform, type RunningPlatform } from './platform.ts';
import { showProgress, type Progress } from './progress.ts';
import { Replay } from './replay.ts';
import { reportHtml } from './report-html.ts';
import { reportOf, reportText, summaryOf, type DemoResult } from './report.ts';
import { runExperiment, lagOf, train, versionFile } from './stages.ts';
import { computeTruth } from './truth.ts';

const OPTIONS = {
  exit: { type: 'boolean' },
  json: { type: 'boolean' },
  data: { type: 'string' },
  permute: { type: 'boolean' },
  port: { type: 'string' },
  days: { type: 'string' },
} as const;
const PERMUTE_SEED = 20010115;
/** Predictions whose values are recomputed from raw events. */
const AUDITED = 500;

interface Wishes {
  readonly exit: boolean;
  readonly json: boolean;
  readonly permute: boolean;
  readonly data: string;
  readonly port: string | undefined;
  /** Of the experiment. */
  readonly days: number;
}

async function main(): Promise<void> {
  const wishes = readWishes();
  const say = (text: string): void => void (wishes.json ? process.stderr : process.stdout).write(text);
  say(`Data in ${wishes.data}\nStarting the platform …\n`);
  const platform = await startPlatform(wishes.data, wishes.port);
  // A terminal ends the whole group; whoever ends this process alone must not leave the platform behind.
  process.once('SIGTERM', () => void platform.stop());
  try {
    const result = await runLoop(platform, wishes, say);
    const parts = reportOf(result);
    const page = join(wishes.data, 'report.html');
    writeFileSync(page, reportHtml(parts, 'From real events to a decision'));
    say(`\n${reportText(parts)}\nThe same as a page: ${page}\n`);
    if (wishes.json) process.stdout.write(`${JSON.stringify(summaryOf(result))}\n`);
    if (!wishes.exit) {
      say(`The console is open at ${platform.url} — Ctrl-C ends.\n`);
      await platform.ended;
    }
  } finally {
    await platform.stop();
  }
}

function readWishes(): Wishes {
  const { values } = parseArgs({ options: OPTIONS });
  const data = resolve(values.data ?? mkdtempSync(join(tmpdir(), 'roofshot-demo-')));
  const days = Number(values.days ?? 7);
  if (!Number.isInteger(days) || days < 1 || days > 7)
    throw new Error(`--days ${values.days ?? ''}: the experiment lasts 1 to 7 whole days.`);
  mkdirSync(data, { recursive: true });
  return { exit: values.exit ?? false, json: values.json ?? false, permute: values.permute ?? false, data, port: values.port, days };
}

async function runLoop(platform: RunningPlatform, wishes: Wishes, say: (text: string) => void): Promise<DemoResult> {
  const began = performance.now();
  const api = new Api(platform.url);
  const replay = new Replay(api, flightEvents(sourceOf(wishes)));
  const progress = showProgress(
    { events: () => replay.totals.events, lag: () => lagOf(platform.url) },
    say,
    process.stdout.isTTY && !wishes.json,
  );
  await applyExample(platform.url, wishes.days);
  const trained = await firstWeeks(api, replay, progress);
  progress.chapter(`15–${14 + wishes.days} January: the experiment`);
  const { secondsToDecision } = await runExperiment(wishes.days, { api, replay, progress });
  const results = await api.results();
  const audit = await api.audit(AUDITED);
  const log = await openLog(wishes.data);
  try {
    progress.chapter('28–29 January: two faults');
    const faults = results.decision?.decision === 'promote' ? await faultDay({ api, replay, progress, sql: log.sql }) : [];
    progress.done();
    say('Checking against the raw log …\n');
    const eventLog = await exportLog(log.bus, join(wishes.data, 'event-log'));
    const files = [await versionFile(api, 1, wishes.data), await versionFile(api, 2, wishes.data)] as const;
    return {
      permuted: wishes.permute,
      totals: replay.totals,
      trained,
      disagreement: await readDisagreement(log.bus, CALENDAR.trainTo, CALENDAR.experimentFrom),
      truth: await computeTruth(eventLog, files, CALENDAR.experimentFrom, experimentOf(wishes.days).to),
      results,
      secondsToDecision,
      audit,
      rollbacks: await readRollBacks(log.bus, faults),
      seconds: (performance.now() - began) / 1000 + platform.readySeconds,
      readySeconds: platform.readySeconds,
      peakMemoryMb: platform.memory.peakMb(),
      eventLog,
    };
  } finally {
    await log.close();
  }
}

function sourceOf({ permute, days: length }: Wishes): Parameters<typeof flightEvents>[0] {
  const { firstDay, warmDay, faultDay } = CALENDAR.days;
  const days = [
    { first: firstDay, last: experimentOf(length).lastDay },
    { first: warmDay, last: faultDay },
  ];
  return { days, ...(permute && { permute: PERMUTE_SEED }) };
}

async function applyExample(url: string, days: number): Promise<void> {
  const loaded = loadResources([resolve('examples/flights')]);
  const { faults } =
    loaded.faults.length > 0
      ? loaded
      : await applySet(
          url,
          loaded.resources.map((one) => lasting(one, days)),
        );
  if (faults.length > 0)
    throw new Error(`The example cannot be applied:\n${faults.map(({ file, line, message }) => `${file}:${line} ${message}`).join('\n')}`);
}

/** The experiment as declared, but for its length. */
function lasting(loaded: LoadedResource, days: number): LoadedResource {
  if (loaded.resource.kind !== 'Experiment') return loaded;
  const spec = loaded.resource.spec as { readonly design: object };
  return { ...loaded, resource: { ...loaded.resource, spec: { ...spec, design: { ...spec.design, duration: `${days}d` } } } };
}

async function firstWeeks(api: Api, replay: Replay, progress: Progress): Promise<DemoResult['trained']> {
  const moved = { moved: (time: number) => progress.at(time) };
  progress.chapter('1–13 January: events become features');
  await replay.sendUntil(CALENDAR.trainTo, moved);
  progress.chapter('End of 13 January: one snapshot, two trainings');
  const trained = await train(api);
  progress.chapter('14 January: the second version watches as a shadow');
  await replay.stepUntil(CALENDAR.experimentFrom, moved);
  return trained;
}

await main().catch((error: unknown) => {
  process.stderr.write(`\ndemo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
