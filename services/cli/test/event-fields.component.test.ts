/** Fields of events that are misspelt: refused where the schema is closed, warned of where it is open; in plan, apply and preview. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { eventually } from '@roofshot/testing/eventually';
import { postJson, roofshot, startPlatform, type Ended, type Platform } from './cli-lab.ts';

let folder: TempDir;
let platform: Platform;

beforeAll(async () => {
  folder = await tempDir('cli fields');
  platform = await startPlatform(join(folder.path, 'data'));
}, 60_000);
afterAll(async () => {
  await platform.stop();
  await folder.remove();
}, 60_000);

const run = (...args: string[]): Promise<Ended> => roofshot(args, { cwd: folder.path, env: { ROOFSHOT_URL: platform.url } });

const resource = (kind: string, name: string, spec: unknown): string =>
  JSON.stringify({ apiVersion: 'roofshot/v1', kind, metadata: { name }, spec });

const signedUp = (name: string, isClosed: boolean): string =>
  resource('EventType', name, {
    schema: {
      type: 'object',
      properties: { user: { type: 'string' }, plan: { type: 'string' }, pay: { type: 'object', properties: { sum: { type: 'number' } } } },
      ...(isClosed && { additionalProperties: false }),
    },
  });
const user = resource('Entity', 'user', { keys: ['user'] });
const view = (name: string, { eventType, key = 'data.user', value }: { eventType: string; key?: string; value: string }): string =>
  resource('FeatureView', name, {
    entity: 'user',
    source: { eventType, keys: { user: key } },
    tile: '5m',
    windows: ['1h'],
    features: [{ name: 'pro_share', aggregation: 'share', value }],
  });

/** A folder of files, each with its documents. */
async function filesOf(name: string, files: Readonly<Record<string, readonly string[]>>): Promise<string> {
  await mkdir(join(folder.path, name));
  for (const [file, documents] of Object.entries(files)) await writeFile(join(folder.path, name, file), documents.join('\n---\n'));
  return name;
}

const json = <T>(text: string): T => JSON.parse(text) as T;
interface Planned {
  readonly changes: readonly unknown[];
  readonly faults: readonly { readonly file: string; readonly path: string; readonly message: string }[];
  readonly warnings: Planned['faults'];
}

describe('a closed schema', () => {
  test.each([
    ['a.yaml', 'plan'],
    ['z.yaml', 'apply'],
  ])('in the same set, in %s, refuses every reader of a field that is not there: %s', async (file, command) => {
    const label = { eventType: 'sign.up', name: 'pro', value: "data.plann == 'pro'" };
    const observation = { eventType: 'sign.up', entities: { user: 'data.usr' }, context: { sum: 'data.pay.sum' } };
    const readers = [
      user,
      view('share', { eventType: 'sign.up', key: 'data.usr', value: "data.plann == 'pro'" }),
      resource('FeatureService', 'risk', {
        entities: ['user'],
        context: { sum: 'number' },
        requestFeatures: [{ name: 'sum', value: 'context.sum' }],
      }),
      resource('Model', 'pro', {}),
      resource('TrainingJob', 'pro', { entryPoint: 'train.py', featureService: 'risk', observation, label, registers: 'pro' }),
      resource('Deployment', 'pro', { model: 'pro', featureService: 'risk', variants: [{ name: 'champion', alias: 'champion' }] }),
      resource('Metric', 'plan', {
        type: 'mean',
        direction: 'increase',
        source: { deployment: 'pro', outcome: { eventType: 'sign.up', unit: 'data.idd' } },
        value: 'outcome.plann == decision',
        maturity: '1h',
      }),
    ];
    const set = await filesOf(`closed ${file}`, { [file]: [signedUp('sign.up', true)], 'readers.yaml': readers });
    await writeFile(join(folder.path, set, 'train.py'), 'def train(run):\n    pass\n');
    const { code, out, err } = await run(command, '-f', set);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    for (const said of [
      '/spec/source/keys/user FeatureView/share: data has no field "usr" in EventType sign.up; nearest: user',
      '/spec/features/0/value FeatureView/share: data has no field "plann" in EventType sign.up; nearest: plan',
      '/spec/observation/entities/user TrainingJob/pro: data has no field "usr"',
      '/spec/label/value TrainingJob/pro: data has no field "plann"',
      '/spec/value Metric/plan: outcome has no field "plann" in EventType sign.up; nearest: plan',
      '/spec/source/outcome/unit Metric/plan: data has no field "idd"',
    ])
      expect(err).toContain(said);
    expect(err).toContain('6 faults; nothing was changed.');
    expect((await run('get', 'event-types')).out).not.toContain('sign.up');
  });

  test('that only the platform has refuses too, in plan, apply and preview', async () => {
    expect((await run('apply', '-f', await filesOf('types', { 'types.yaml': [signedUp('kept.closed', true), user] }))).code).toBe(0);
    const set = await filesOf('kept', { 'view.yaml': [view('share', { eventType: 'kept.closed', value: "data.plann == 'pro'" })] });
    const sentence = 'data has no field "plann" in EventType kept.closed; nearest: plan';
    for (const command of ['plan', 'apply'])
      expect(await run(command, '-f', set)).toMatchObject({ code: 1, err: expect.stringContaining(sentence) });
    expect(await run('preview', `${set}/view.yaml`)).toMatchObject({ code: 1, out: '', err: expect.stringContaining(sentence) });
    const { faults } = json<Planned>((await run('preview', `${set}/view.yaml`, '--json')).out);
    expect(faults).toEqual([expect.objectContaining({ path: '/spec/features/0/value', message: expect.stringContaining(sentence) })]);
  });
});

describe('an open schema', () => {
  const sentence = 'EventType kept.open declares no field "plann" of data; nearest: plan. Correct the name, or declare the field';
  const value = "data.plann == 'pro' && data.pay.summ > 3";

  test('warns in plan and apply, in text and JSON, and changes are made', async () => {
    const set = await filesOf('open', {
      'a.yaml': [view('open-share', { eventType: 'kept.open', value })],
      'b.yaml': [user, signedUp('kept.open', false)],
    });
    const plan = await run('plan', '-f', set);
    expect(plan).toMatchObject({ code: 0, out: expect.stringContaining('+ FeatureView/open-share created') });
    expect(plan.err).toContain(`warning: open/a.yaml:1 /spec/features/0/value FeatureView/open-share: ${sentence}`);
    expect(plan.err).toContain('declares no field "summ" of data.pay; nearest: sum');
    const { changes, faults, warnings } = json<Planned>((await run('apply', '-f', set, '--json')).out);
    expect([changes.length, faults]).toEqual([3, []]);
    expect(warnings.map(({ path }) => path)).toEqual(['/spec/features/0/value', '/spec/features/0/value']);
  });

  test('that loses a field warns of what is applied and reads it', async () => {
    const changed = resource('EventType', 'kept.open', {
      schema: { type: 'object', additionalProperties: false, properties: { user: {} } },
    });
    const { code, err } = await run('plan', '-f', await filesOf('changed', { 'type.yaml': [changed] }));
    expect(code).toBe(0);
    expect(err).toContain(
      '/spec/schema EventType/kept.open: FeatureView/open-share, which is applied, reads at /spec/features/0/value: data has no field "plann"',
    );
  });

  test('warns in preview, and so do the events', async () => {
    const event = { specversion: '1.0', source: '/site', type: 'kept.open', time: '2026-03-01T11:59:00Z' };
    const send = ['ann', 'bob'].map((name) => ({ ...event, id: name, subject: name, data: { user: name, plan: 'pro' } }));
    await eventually(async () => (await postJson<{ accepted: number }>(platform.url, '/v1/events', send)).status === 202);
    const good = await filesOf('good', { 'view.yaml': [user, view('new-share', { eventType: 'kept.open', value: "data.plan == 'pro'" })] });
    expect(await run('preview', `${good}/view.yaml`)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining('new-share: 2 rows'),
    });
    const typo = await filesOf('typo', {
      'view.yaml': [user, view('new-share', { eventType: 'kept.open', value: "data.plann == 'pro'" })],
    });
    const { code, out, err } = await run('preview', `${typo}/view.yaml`);
    expect([code, out.split('\n')[0]]).toEqual([0, 'new-share: 2 rows']);
    expect(err).toContain(`warning: typo/view.yaml:3 /spec/features/0/value FeatureView/new-share: ${sentence}`);
    expect(err).toContain('warning: the feature "pro_share" reads data.plann, which is in none of 2 events');
    const { rows, warnings } = json<{ rows: unknown[]; warnings: string[] }>((await run('preview', `${typo}/view.yaml`, '--json')).out);
    expect([rows.length, warnings.length]).toEqual([2, 2]);
  });

  test('a preview without any key, and one of values that are all null, say so', async () => {
    const keyless = await filesOf('keyless', {
      'view.yaml': [user, view('k', { eventType: 'kept.open', key: 'data.usr', value: 'true' })],
    });
    const first = await run('preview', `${keyless}/view.yaml`);
    expect(first).toMatchObject({ code: 0, out: 'k: 0 rows\n' });
    expect(first.err).toContain('warning: no event yields the key "user": `data.usr` names nothing in any of 2 events');
    const empty = await filesOf('empty', { 'view.yaml': [user, view('n', { eventType: 'kept.open', value: 'data.pay.sum > 3' })] });
    expect((await run('preview', `${empty}/view.yaml`)).err).toBe(
      'warning: every value of the feature "pro_share" is null: `data.pay.sum > 3` is neither true nor false in any of 2 events; there is no data.pay.sum\n',
    );
  });
});

test('an unknown event type is refused in plan and in preview', async () => {
  const set = await filesOf('unknown', { 'view.yaml': [user, view('share', { eventType: 'kept.opn', value: 'true' })] });
  for (const args of [
    ['plan', '-f', set],
    ['preview', `${set}/view.yaml`],
  ])
    expect(await run(...args)).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no EventType "kept.opn". Did you mean kept.open'),
    });
});

test('words that JSON Schema does not have: a type is refused, a keyword is warned of', async () => {
  const faulty = resource('EventType', 'words', { schema: { properties: { plan: { type: 'strng' } } } });
  expect(await run('plan', '-f', await filesOf('type', { 'a.yaml': [faulty] }))).toMatchObject({
    code: 1,
    err: 'type/a.yaml:1 /spec/schema/properties/plan/type EventType/words: JSON Schema has no type "strng"; nearest: string\n1 fault; nothing was changed.\n',
  });
  const doubtful = resource('EventType', 'words', { schema: { requierd: ['plan'], properties: { plan: {} } }, pii: ['/plann'] });
  const { code, err } = await run('plan', '-f', await filesOf('keyword', { 'a.yaml': [doubtful] }));
  expect(code).toBe(0);
  expect(err).toContain(
    'warning: keyword/a.yaml:1 /spec/schema/requierd EventType/words: JSON Schema has no keyword "requierd"; nearest: required.',
  );
  expect(err).toContain('/spec/pii/0 EventType/words: EventType words declares no field "plann" of data; nearest: plan.');
});
