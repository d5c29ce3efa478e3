/** Files with every kind of fault: all are listed with their place, and nothing is applied. */
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { roofshot, startPlatform, TEST_FOLDER, type Ended, type Platform } from './cli-lab.ts';

let folder: TempDir;
let platform: Platform;

beforeAll(async () => {
  folder = await tempDir('cli faulty');
  await cp(join(TEST_FOLDER, 'faulty'), join(folder.path, 'faulty'), { recursive: true });
  await writeFile(
    join(folder.path, 'faulty', 'broken.yaml'),
    'apiVersion: roofshot/v1\nkind: Entity\nmetadata: { name: gate\nspec: { keys: [gate] }\n',
  );
  await writeFile(
    join(folder.path, 'faulty', 'alias.yaml'),
    'apiVersion: roofshot/v1\nkind: Entity\nmetadata: { name: door }\nspec: { keys: *nope }\n',
  );
  await writeFile(join(folder.path, 'faulty', 'empty.yaml'), '');
  platform = await startPlatform(join(folder.path, 'data'));
  await roofshotIn('apply', '-f', join(TEST_FOLDER, 'shop'));
}, 60_000);
afterAll(async () => {
  await platform.stop();
  await folder.remove();
}, 60_000);

const roofshotIn = (...args: string[]): Promise<Ended> => roofshot(args, { cwd: folder.path, env: { ROOFSHOT_URL: platform.url } });

const EXPECTED = `faulty/alias.yaml:4 Entity/door: There is no anchor &nope above this *nope. Correct the name, or set the anchor first.
faulty/broken.yaml:4 Entity/gate: Not YAML: Flow map in block collection must be sufficiently indented and end with a }
faulty/empty.yaml It holds no resource. Declare one, or remove the file.
faulty/events.yaml:6 /spec/maxDelai EventType/gate.opened: there is no property maxDelai here. Did you mean maxDelay?
faulty/events.yaml:9 /kind EventTyp/gate.closed: there is no kind EventTyp. Did you mean EventType?
faulty/events.yaml:17 /spec/schema/type EventType/gate.boarded: JSON Schema has no type "objekt"; nearest: object
faulty/features.yaml:8 /metadata/name Entity/airport: is declared twice; first in faulty/features.yaml:3. Keep one.
faulty/features.yaml:15 /spec/entity FeatureView/landings: there is no Entity "airprt". Did you mean airport?
faulty/features.yaml:17 /spec/source/eventType FeatureView/landings: there is no EventType "flight.landd". Known: order.placed, gate.opened, gate.boarded.
faulty/features.yaml:23 /spec/features/1/aggregation FeatureView/landings: must be one of "count", "sum", "mean", "share", "ratio", "variance", "stddev", "min", "max", "first", "last", "firstK", "lastK", "topK", "distinct", "percentile", "decayedSum"; it is "averag"
faulty/features.yaml:31 /spec/source/eventType FeatureView/departures: there is no EventType "flight.landd". Known: order.placed, gate.opened, gate.boarded.
faulty/features.yaml:34 /spec/windows/1 FeatureView/departures: 7m is not a multiple of the tile 5m
faulty/features.yaml:36 /spec/features/0/value FeatureView/departures: the expression ends too early (at character 13 of \`data.delay >\`)
faulty/features.yaml:37 /spec/features/1/value FeatureView/departures: there is no variable "dta"; nearest: data (at character 1 of \`dta.delay\`)
faulty/features.yaml:47 /spec/views/1/view FeatureService/gate-risk: there is no FeatureView "departurs". Did you mean departures?
faulty/features.yaml:49 /spec/requestFeatures/0/value FeatureService/gate-risk: context has no field "hours"; nearest: hour (at character 1 of \`context.hours\`)
faulty/serving.yaml:10 /spec/decision/warn Deployment/gate-delay: features has no field "hour_of_dya"; nearest: hour_of_day (at character 1 of \`features.hour_of_dya > 12 && p > 0.2\`)
faulty/serving.yaml:11 /spec/decision/hold Deployment/gate-delay: there is no variable "score"; there are: p, features, context (at character 1 of \`score > 0.5\`)
faulty/serving.yaml:19 /spec/source/deployment Metric/cost: there is no Deployment "gate-delai". Did you mean gate-delay?
faulty/serving.yaml:33 /spec/metric Experiment/trees: there is no Metric "costs". Did you mean cost?
faulty/serving.yaml:34 /spec/design/duration Experiment/trees: must be a duration like 30s, 5m, 24h or 7d; it is "7 days"
faulty/training.yaml:6 /spec/gates/0/min Model/gate-delay: must be number; it is "much"
faulty/training.yaml:12 /spec/entryPoint TrainingJob/gate-trees: the trainer trainers/trees.py cannot be read: there is no such file. Check the path. The path is relative to the YAML file.
faulty/training.yaml:25 /spec/entryPoint TrainingJob/gate-line: trainers/line.py defines no function train(run) at its top level. Rename trane?
faulty/training.yaml:26 /spec/featureService TrainingJob/gate-line: there is no FeatureService "hurs". Did you mean hours?
faulty/training.yaml:32 /spec/registers TrainingJob/gate-line: there is no Model "gate-delays". Did you mean gate-delay?
faulty/training.yaml:38 /spec/entryPoint TrainingJob/gate-curve: trainers/line.py defines no function train(run) at its top level. Rename trane?
faulty/training.yaml:40 /spec/features/0 TrainingJob/gate-curve: the FeatureService "hours" has no feature "hour_of_dya". Did you mean hour_of_day?
faulty/training.yaml:43 /spec/observation/entities/orgin TrainingJob/gate-curve: the FeatureService "hours" has no entities "orgin". Did you mean origin?
faulty/training.yaml:43 /spec/observation/entities TrainingJob/gate-curve: "origin" is missing: the FeatureService "hours" needs it. Say where it is.
30 faults; nothing was changed.
`;

test('every fault of every file is told with file, line, place, reason and the nearest names', async () => {
  const { code, out, err } = await roofshotIn('apply', '-f', 'faulty');
  expect(err).toBe(EXPECTED);
  expect({ code, out }).toEqual({ code: 1, out: '' });
});

test('nothing of the set was applied, not even what had no fault', async () => {
  await roofshotIn('apply', '-f', 'faulty');
  for (const [kind, names] of Object.entries({
    entities: ['customer'],
    'feature-services': ['order-risk'],
    models: ['order-risk'],
    metrics: [],
  })) {
    const items = JSON.parse((await roofshotIn('get', kind, '--json')).out) as readonly { metadata: { name: string } }[];
    expect(items.map(({ metadata }) => metadata.name)).toEqual(names);
  }
});

test('plan tells the same, and --json has each fault with its parts', async () => {
  expect((await roofshotIn('plan', '-f', 'faulty')).err).toBe(EXPECTED);
  const { out, code } = await roofshotIn('plan', '-f', 'faulty', '--json');
  const { changes, faults } = JSON.parse(out) as { changes: unknown[]; faults: Record<string, unknown>[] };
  expect({ code, changes, count: faults.length }).toEqual({ code: 1, changes: [], count: EXPECTED.split('\n').length - 2 });
  expect(faults).toContainEqual({
    file: 'faulty/training.yaml',
    line: 40,
    path: '/spec/features/0',
    message: 'TrainingJob/gate-curve: the FeatureService "hours" has no feature "hour_of_dya". Did you mean hour_of_day?',
  });
});

test('without a platform the faults of the files are told, and that references were not checked', async () => {
  const { code, err } = await roofshot(['plan', '-f', 'faulty', '--url', 'http://127.0.0.1:9'], { cwd: folder.path });
  expect(code).toBe(1);
  expect(err).toContain('faulty/broken.yaml:4 Entity/gate: Not YAML:');
  expect(err).toContain('Nothing answers at http://127.0.0.1:9, so references and expressions were not checked; there may be more faults.');
});

test('a reference to what the platform has is none to worry about', async () => {
  const file = join(folder.path, 'metric.yaml');
  await writeFile(
    file,
    `apiVersion: roofshot/v1
kind: Metric
metadata: { name: cost }
spec:
  type: mean
  direction: decrease
  source: { deployment: order-risk, outcome: { eventType: order.placed } }
  value: "outcome.amount > 1.0 ? 1.0 : 0.0"
  maturity: 12h
  covariate: features.customer__count_24h
`,
  );
  expect(await roofshotIn('plan', '-f', file)).toMatchObject({ code: 0, err: '', out: expect.stringContaining('+ Metric/cost created') });
});
