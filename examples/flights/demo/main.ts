/** `npm run demo`: from the first event to the last decision, on real flights. */
import { accessSync, constants, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { applySet } from '@roofshot/cli/apply-set';
import { loadResources, type LoadedResource } from '@roofshot/cli/load-resources';
import type { PlatformServers, ServerUrls } from '@roofshot/testing/platform-servers';
import { AIRPORTS, HUBS } from '../data/airports.ts';
import { flightEvents } from '../data/events.ts';
import { Api } from './api.ts';
import { CALENDAR, experimentDays, experimentOf } from './calendar.ts';
import { conclusionOf } from './conclusion.ts';
import { faultDay, type FaultSeen } from './fault-day.ts';
import { openLog, readDisagreement, readLooks, readRollBacks } from './log-reading.ts';
import { exportLog } from './event-log.ts';
import { serverKeysOf, startPlatform, type RunningPlatform } from './platform.ts';
import { showProgress, type Progress } from './progress.ts';
import { Replay } from './replay.ts';
import { reportHtml } from './report-html.ts';
import { reportOf, verdictOf } from './report.ts';
import { reportText, wrap } from './report-text.ts';
import { isPromoted, storyOf, type DemoResult } from './result.ts';
import { runExperiment, lagOf, train, versionFile } from './stages.ts';
import { storeFaultOf } from './store-fault.ts';
import { summaryOf } from './summary.ts';
import { computeTruth } from './truth.ts';
import { HELP, readWishes, type Wishes } from './wishes.ts';

const PERMUTE_SEED = 20010115;
/** Predictions whose values are recomputed from raw events. */
const AUDITED = 500;

interface Run extends Wishes {
  readonly data: string;
  readonly airports: readonly string[];
  readonly behind: ServerUrls;
}

async function main(): Promise<void> {
  const wishes = readWishes(process.argv.slice(2));
  if (wishes.help) return void process.stdout.write(HELP);
  const say = (text: string): void => void (wishes.json ? process.stderr : process.stdout).write(text);
  const data = dataFolder(wishes);
  say(`Data in ${data}\n`);
  const unused = serverKeysOf(process.env);
  if (unused.length > 0) say(`The demo brings its own servers: it does not use ${unused.join(', ')} of this shell.\n`);
  const servers = wishes.servers ? await openServers(data, say) : undefined;
  try {
    const airports = wishes.large ? AIRPORTS : HUBS;
    await runDemo({ ...wishes, data, airports, behind: servers?.urls ?? {} }, say);
  } finally {
    await servers?.stop();
  }
}

/** Only here: what starts servers is not needed without them. */
async function openServers(data: string, say: (text: string) => void): Promise<PlatformServers> {
  say('Starting PostgreSQL, Kafka, RabbitMQ, Redis, an S3-compatible store and Elasticsearch (the first time they are fetched) …\n');
  const { startPlatformServers } = await import('@roofshot/testing/platform-servers');
  return startPlatformServers(join(data, 'servers'));
}

async function runDemo(run: Run, say: (text: string) => void): Promise<void> {
  say('Starting the platform …\n');
  const platform = await startPlatform(run.data, run.port, run.behind);
  // A terminal ends the whole group; whoever ends this process alone must not leave the platform behind.
  process.once('SIGTERM', () => void platform.stop());
  try {
    tell(await runLoop(platform, run, say), run, say);
    if (!run.exit) {
      say(`The console is open at ${platform.url} — Ctrl-C ends.\n`);
      await platform.ended;
    }
  } finally {
    await platform.stop();
  }
}

function dataFolder({ data }: Wishes): string {
  const wished = resolve(data ?? join(tmpdir(), 'roofshot-demo-'));
  try {
    if (data === undefined) return mkdtempSync(wished);
    mkdirSync(wished, { recursive: true });
    accessSync(wished, constants.W_OK);
    return wished;
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new Error(`The demo cannot keep its data in ${wished} (${code}). Name a folder that you may write to: --data DIR.`, {
      cause: error,
    });
  }
}

/** A gigabyte is left behind for whoever wants to look; that must be said. */
const keptText = (data: string): string => `The data stay in ${data}; delete them with: rm -r '${data}'`;

function tell(result: DemoResult, { data, json }: Run, say: (text: string) => void): void {
  const parts = reportOf(result);
  const conclusion = conclusionOf(result);
  const page = join(data, 'report.html');
  const story = storyOf(result);
  writeFileSync(page, reportHtml(parts, { title: 'From real events to a decision', conclusion, airports: result.scope.airports, story }));
  say(
    `\n${reportText(parts)}\n${wrap(`${conclusion} ${verdictOf(parts)}`, 100).join('\n')}\n\nThe same as a page: ${page}\n${keptText(data)}\n`,
  );
  if (json) process.stdout.write(`${JSON.stringify(summaryOf(result))}\n`);
}

async function runLoop(platform: RunningPlatform, run: Run, say: (text: string) => void): Promise<DemoResult> {
  const began = performance.now();
  const api = new Api(platform.url);
  const replay = new Replay(api, flightEvents(sourceOf(run)));
  const progress = showProgress(
    { events: () => replay.totals.events, lag: () => lagOf(platform.url) },
    say,
    process.stdout.isTTY && !run.json,
  );
  await applyExample(platform.url, run.days);
  const trained = await firstWeeks(api, replay, progress);
  progress.chapter(`${experimentDays(run.days)}: the experiment`);
  const { secondsToDecision } = await runExperiment(run.days, { api, replay, progress });
  const results = await api.results();
  const audit = await api.audit(AUDITED);
  const log = await openLog(run.data, run.behind);
  try {
    const faults = isPromoted(results)
      ? await injectFaults({ api, replay, progress, onlineStore: storeFaultOf(log.sql, run.behind.ONLINE_URL) })
      : [];
    progress.done();
    say('Checking against the raw log …\n');
    const eventLog = await exportLog(log.bus, join(run.data, 'event-log'));
    const objects = run.behind.OBJECTS_URL ?? `file:${join(run.data, 'objects')}`;
    const files = [await versionFile(api, 1, objects), await versionFile(api, 2, objects)] as const;
    return {
      scope: { airports: run.airports.length, isLarge: run.large, days: run.days, permuted: run.permute, onServers: run.servers },
      totals: replay.totals,
      trained,
      disagreement: await readDisagreement(log.bus, CALENDAR.trainTo, CALENDAR.experimentFrom),
      truth: await computeTruth(eventLog, files, CALENDAR.experimentFrom, experimentOf(run.days).to),
      results,
      looks: await readLooks(log.bus),
      secondsToDecision,
      audit,
      faults,
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

function injectFaults(stage: Parameters<typeof faultDay>[0]): Promise<readonly FaultSeen[]> {
  stage.progress.chapter('28–29 January: two faults');
  return faultDay(stage);
}

function sourceOf({ airports, permute, days: length }: Run): Parameters<typeof flightEvents>[0] {
  const { firstDay, warmDay, faultDay } = CALENDAR.days;
  const days = [
    { first: firstDay, last: experimentOf(length).lastDay },
    { first: warmDay, last: faultDay },
  ];
  return { days, airports, ...(permute && { permute: PERMUTE_SEED }) };
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
