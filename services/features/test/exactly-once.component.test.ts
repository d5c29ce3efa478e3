import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@roofshot/testing/eventually';
import { exampleResources, FeaturesHarness } from './features-harness.ts';
import { eventsOf, expectedVector, generateFlights, randomFrom } from './flights.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const flights = generateFlights(3_000, { from: '2001-01-15T00:00:00Z', hours: 20, seed: 21 });
const events = eventsOf(flights);
const END = '2001-01-16T00:00:00Z';
const asked = { entities: { origin: 'ORD', destination: 'LAX' }, context: { hour: 1, weekday: 1, distance: 1 }, asOf: END };
const expected = {
  ...expectedVector(flights, { origin: 'ORD', destination: 'LAX', time: Date.parse(END) }),
  hour: 1,
  weekday: 1,
  distance: 1,
};

/** The service in a process of its own, ready when it says so. */
async function startProcess(env: Record<string, string>): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--import', join(ROOT, 'register.mjs'), MAIN], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] ?? '', ...env, FEATURES_PORT: '0', LOG_LEVEL: 'info' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await eventually(() => text.includes('Ready.') || child.exitCode !== null, { deadlineMs: 30_000, describe: 'the process to be ready' });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

describe('exactly once', () => {
  let harness: FeaturesHarness;
  const folders: string[] = [];
  const env = async (): Promise<Record<string, string>> => {
    const folder = await mkdtemp(join(tmpdir(), 'roofshot features '));
    folders.push(folder);
    return { ...harness.env, DATA_DIR: folder };
  };

  beforeEach(async () => {
    harness = await FeaturesHarness.start();
    await harness.apply(exampleResources('features.yaml'));
  });
  afterEach(async () => {
    await harness.stop();
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });

  async function checkVector(): Promise<void> {
    await harness.reach(END);
    const [vector] = await harness.read([asked]);
    expect(vector?.values).toEqual(expected);
    expect(vector?.ageSeconds).toBe(0);
  }

  test('a process that is killed again and again while events flow loses none and counts none twice', async () => {
    await harness.stopService();
    const random = randomFrom(1);
    const own = await env();
    for (let sent = 0; sent < events.length; sent += 1_000) {
      const child = await startProcess(own);
      const feeding = feed(events.slice(sent, sent + 1_000));
      await hasFolded(sent + random() * 900);
      await kill(child);
      await feeding;
    }
    await harness.progress(END);
    await harness.run();
    await checkVector();
  }, 120_000);

  /** Waits until so many events have been taken off the log. */
  async function hasFolded(count: number): Promise<void> {
    const taken = `SELECT coalesce(sum(next_offset), 0)::int AS count FROM features.checkpoints WHERE topic LIKE 'events.%'`;
    await eventually(async () => ((await harness.database.sql.query<{ count: number }>(taken))[0]?.count ?? 0) >= count, {
      deadlineMs: 30_000,
    });
  }

  async function feed(slice: typeof events): Promise<void> {
    for (let i = 0; i < slice.length; i += 100) await harness.accept(slice.slice(i, i + 100));
  }

  test('two processes share the work, and what a killed one held the other takes over', async () => {
    const other = await startProcess(await env());
    await feed(events.slice(0, 3_000));
    await kill(other);
    await feed(events.slice(3_000));
    await harness.progress(END);
    await checkVector();
  }, 120_000);

  test('any order of arrival gives the same values', async () => {
    const random = randomFrom(2);
    const shuffled = [...events].map((event) => ({ event, at: random() })).sort((a, b) => a.at - b.at);
    await feed(shuffled.map(({ event }) => event));
    await harness.progress(END);
    await checkVector();
  });

  test('a view that is declared while events flow counts each of them once', async () => {
    const views = exampleResources('features.yaml');
    const landings = views.find(({ metadata }) => metadata.name === 'airport-landings') as (typeof views)[number];
    const service = views.find(({ kind }) => kind === 'FeatureService') as (typeof views)[number];
    const feeding = feed(events);
    for (const [i, name] of ['second', 'third', 'fourth'].entries()) {
      await hasFolded(i * 1_500);
      const roles = (service.spec['views'] as { view: string }[]).map((role) =>
        role.view === 'airport-landings' ? { ...role, view: name } : role,
      );
      const applied = await harness.apply([
        { ...landings, metadata: { name } },
        { ...service, metadata: { name }, spec: { ...service.spec, views: roles } },
      ]);
      expect(applied.status).toBe(200);
    }
    await feeding;
    await harness.progress(END);
    await harness.reach(END);
    for (const name of ['second', 'third', 'fourth']) expect((await harness.read([asked], name))[0]?.values).toEqual(expected);
    await checkVector();
  });
});
