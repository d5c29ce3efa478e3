/** Every command against a platform that runs, and what scripts rely on: exit codes and the shape of --json. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TraceAnswer } from '@roofshot/contracts/http/ingestion';
import { eventually } from '@roofshot/testing/eventually';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { order, postJson, roofshot, startPlatform, type Platform } from './cli-lab.ts';

let folder: TempDir;
let platform: Platform;
const COUNT = 6;

beforeAll(async () => {
  folder = await tempDir('cli');
  platform = await startPlatform(join(folder.path, 'data'));
}, 60_000);
afterAll(async () => {
  const code = await platform.stop();
  await folder.remove();
  expect(code).toBe(0);
}, 60_000);

const json = <T>(text: string): T => JSON.parse(text) as T;

interface Planned {
  readonly changes: readonly { readonly kind: string; readonly name: string; readonly result: string }[];
  readonly faults: readonly unknown[];
}

describe('plan and apply', () => {
  test('plan shows what is new, changes nothing, and ends with 4 when it is asked to', async () => {
    const first = await platform.run('plan', '-f', 'shop', '--exit-code');
    expect(first).toMatchObject({ code: 4, err: '' });
    expect(first.out).toContain('+ FeatureView/customer-orders created\n');
    expect(first.out).toContain('Nothing was changed; this is a plan.');
    expect(await platform.run('plan', '-f', 'shop', '--exit-code')).toEqual(first);
    expect((await platform.run('plan', '-f', 'shop')).code).toBe(0);
  });

  test('apply makes it so, and applying again changes nothing', async () => {
    const first = await platform.run('apply', '-f', 'shop', '--json');
    expect(first.code).toBe(0);
    const { changes, faults } = json<Planned>(first.out);
    expect(faults).toEqual([]);
    expect(changes.map(({ kind, name, result }) => `${kind}/${name} ${result}`)).toHaveLength(COUNT);
    expect(new Set(changes.map(({ result }) => result))).toEqual(new Set(['created']));
    const again = json<Planned>((await platform.run('apply', '-f', 'shop', '--json')).out);
    expect(again.changes.map(({ result }) => result)).toEqual(Array.from({ length: COUNT }, () => 'unchanged'));
    expect((await platform.run('plan', '-f', 'shop', '--exit-code')).code).toBe(0);
  });

  test('a change is shown with its place, what it was and what it will be', async () => {
    const text = await readFile(new URL('./shop/shop.yaml', import.meta.url), 'utf8');
    const file = join(folder.path, 'changed.yaml');
    await writeFile(file, text.replace('p > 0.4', 'p > 0.6'));
    const plan = await platform.run('plan', '-f', file);
    expect(plan.out).toContain(
      '~ Deployment/order-risk changed\n    /spec/decision/review: "p > 0.4 && features.amount > 10.0" → "p > 0.6 &&',
    );
  });

  test('files that are not there, and no files, are told', async () => {
    expect(await platform.run('apply', '-f', 'nowhere.yaml')).toMatchObject({
      code: 1,
      err: expect.stringContaining('nowhere.yaml Cannot be read:'),
    });
    expect(await platform.run('apply')).toMatchObject({ code: 2, err: 'roofshot: Name the files: -f FILE or -f DIR.\n' });
    expect((await platform.run('apply', '-f', join(folder.path, 'data', 'logs'))).err).toContain('There is no *.yaml file here.');
  });
});

describe('get', () => {
  test('lists a kind, and shows one as YAML or JSON', async () => {
    const list = await platform.run('get', 'event-types');
    expect(list.out).toMatch(/^NAME +GENERATION +DESCRIPTION\norder\.placed +1 +A customer has ordered\.\n$/);
    expect((await platform.run('get', 'Entity', 'customer')).out).toContain('kind: Entity\n');
    const one = json<{ spec: unknown; generation: number }>((await platform.run('get', 'entities', 'customer', '--json')).out);
    expect(one).toMatchObject({ spec: { keys: ['customer'] }, generation: 1 });
  });

  test('offers the nearest names of kinds and of resources', async () => {
    expect(await platform.run('get', 'deploymnt')).toMatchObject({ code: 2, err: expect.stringContaining('Did you mean deployments?') });
    const wrong = await platform.run('get', 'deployments', 'order-rsk');
    expect(wrong.code).toBe(1);
    expect(wrong.err).toContain('There is no Deployment named order-rsk. Did you mean order-risk? Correct the name, or apply it first.');
    const asJson = json<{ problem: { status: number; code: string } }>(
      (await platform.run('get', 'deployments', 'order-rsk', '--json')).out,
    );
    expect(asJson.problem).toMatchObject({ status: 404, code: 'not-found' });
  });
});

describe('replay, preview and trace', () => {
  beforeAll(async () => {
    await writeFile(join(folder.path, 'orders.ndjson'), [order(1), order(2), order(4)].map((one) => JSON.stringify(one)).join('\n'));
  });

  test('replay tells the verdicts, and a repeat is harmless', async () => {
    const first = await platform.run('replay', join(folder.path, 'orders.ndjson'));
    expect(first).toEqual({ code: 0, out: 'accepted 3, duplicate 0, late 0, quarantined 0\n', err: '' });
    const again = await platform.run('replay', join(folder.path, 'orders.ndjson'), '--json');
    expect(json(again.out)).toEqual({ accepted: 0, duplicate: 3, late: 0, quarantined: 0, refused: [] });
  });

  test('replay ends with 1 and the reasons when events were refused, and stops at a line that is no JSON', async () => {
    const file = join(folder.path, 'bad.ndjson');
    await writeFile(
      file,
      [order(7, { type: 'order.place' }), order(8, { data: { amount: -1 } })].map((one) => JSON.stringify(one)).join('\n'),
    );
    const refused = await platform.run('replay', file);
    expect(refused).toMatchObject({ code: 1, out: 'accepted 0, duplicate 0, late 0, quarantined 2\n' });
    expect(refused.err).toContain(
      'order-7 quarantined: No EventType order.place is declared. Did you mean order.placed? Declare it (roofshot apply) and send the event again.',
    );
    expect(refused.err).toContain('order-8 quarantined: data.amount must be >= 0. Correct the event and send it again.');
    await writeFile(file, '{"broken": \n');
    expect((await platform.run('replay', file)).err).toContain(`${file}:1 is no JSON:`);
    expect((await platform.run('replay', join(folder.path, 'none.ndjson'))).err).toContain('cannot be read');
  });

  test('preview shows the values of a view that is not applied', async () => {
    const view = await platform.run('preview', 'shop/shop.yaml', '--json');
    expect(view.code).toBe(0);
    const { rows } = json<{ rows: readonly Record<string, unknown>[] }>(view.out);
    expect(rows.find(({ customer }) => customer === 'customer-1')).toMatchObject({ count_24h: 2, mean_amount_24h: 2.5 });
    expect((await platform.run('preview', 'shop/shop.yaml', '--view', 'none')).code).toBe(2);
    expect((await platform.run('preview', 'shop/shop.yaml', '--events', 'many')).err).toContain('--events takes a number above 0');
  });

  test('trace tells the journey of a subject, names what is missing, and what was read', async () => {
    const asked = { predictionId: 'p-1', unit: 'customer-1', entities: { customer: 'customer-1' }, context: { amount: 20 } };
    const answer = await eventually(async () => {
      const predicted = await postJson<{ decision: string }>(platform.url, '/v1/predict/order-risk', asked);
      return predicted.status === 200 && predicted.body;
    });
    expect(answer).toMatchObject({ decision: 'review' });
    const traced = await eventually(async () => {
      const { out } = await platform.run('trace', 'customer-1', '--json');
      const story = json<TraceAnswer & { gaps: string[]; log: unknown[] }>(out);
      return story.hops.some(({ type }) => type === 'prediction.served') && story;
    });
    expect(traced).toMatchObject({ id: 'customer-1', complete: true, notice: null });
    expect(traced.hops.map(({ type, id }) => (type === 'order.placed' ? id : type))).toEqual(
      expect.arrayContaining(['order-1', 'order-4', 'event.quarantined', 'prediction.served']),
    );
    expect(traced.gaps).toEqual(['Event order-7 was refused (events-refused.v1) and not sent again in a form that was accepted.']);
    const { out, code } = await platform.run('trace', 'p-1');
    expect(code).toBe(0);
    expect(out).toMatch(/^p-1: 1 hop on 1 topic, \d+ log lines?, /);
    expect(out).toContain('deployment order-risk, decision review, score 0.5, variant champion');
  });

  test('trace of what nobody knows ends with 1', async () => {
    const nothing = await platform.run('trace', 'nobody');
    expect(nothing).toMatchObject({ code: 1, out: '' });
    expect(nothing.err).toMatch(/Nothing is known of nobody\. None of the \d+ records on the log names it\./);
    expect((await platform.run('trace')).code).toBe(2);
  });
});

describe('status and doctor', () => {
  test('status ends with 0 when every service is ready', async () => {
    const { out, code } = await platform.run('status');
    expect(code).toBe(0);
    expect(out).toMatch(/^Platform at http:\/\/\S+\nSERVICE +STATE +LAG +WAITS FOR, TROUBLES\ningestion +ready/);
    const { services } = json<{ services: readonly { name: string; ready: boolean }[] }>((await platform.run('status', '--json')).out);
    expect(services.map(({ name, ready }) => [name, ready])).toEqual(
      ['ingestion', 'features', 'training', 'registry', 'serving', 'experiments'].map((name) => [name, true]),
    );
  });

  test('doctor checks the machine and says what to do', async () => {
    const { out } = await roofshot(['doctor', '--json', '--data', folder.path]);
    const findings = json<readonly { check: string; ok: boolean; found: string; remedy: string }[]>(out);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['Node', 'Python for trainers', 'free disk', 'data folder', 'ports 4100 to 4106']),
    );
    expect(findings.filter(({ ok, remedy }) => !ok && remedy === '')).toEqual([]);
  });
});

describe('dead-letters', () => {
  test('lists none where everything was handled, as a table and as JSON', async () => {
    const list = await platform.run('dead-letters');
    expect(list).toMatchObject({ code: 0, err: expect.stringContaining('0 dead letters; 0 parked keys') });
    expect(list.out).toMatch(/^ID +TYPE +ERROR +TRIES +LAST FAILED +FROM +WHY\n$/);
    const all = json<{ items: unknown[]; complete: boolean }>(
      (await platform.run('dead-letters', 'list', '--kind', 'command', '--json')).out,
    );
    expect(all).toMatchObject({ items: [], complete: true });
    expect((await platform.run('dead-letters', 'keys')).out).toMatch(/^SERVICE +TOPIC +KEY +WAITING +BEHIND +WHY\n$/);
  });

  test('a letter that is not there ends with 1, and what is not said is asked for', async () => {
    const gone = await platform.run('dead-letters', 'redrive', 'registry:1');
    expect([gone.code, gone.out]).toEqual([1, 'WHAT        OUTCOME  WHY\nregistry:1  gone\n']);
    expect((await platform.run('dead-letters', 'purge', '--all', '--reason', 'spring', '--dry-run')).code).toBe(0);
    expect(await platform.run('dead-letters', 'purge', 'registry:1')).toMatchObject({ code: 2, err: expect.stringContaining('--reason') });
    expect(await platform.run('dead-letters', 'redrive')).toMatchObject({ code: 2, err: expect.stringContaining('Name ids') });
    expect(await platform.run('dead-letters', 'redrve')).toMatchObject({ code: 2, err: expect.stringContaining('redrive') });
    expect(await platform.run('dead-letters', 'redrive', 'one')).toMatchObject({ code: 1, err: expect.stringContaining('/ids/0') });
    const key = ['--service', 'features', '--topic', 'events.order', '--key', 'k'];
    expect(await platform.run('dead-letters', 'purge', ...key, '--reason', 'x')).toMatchObject({
      code: 1,
      err: expect.stringContaining('is not parked'),
    });
  });
});

describe('a wrong command line', () => {
  test.each([
    [['stats'], 2, 'There is no command stats. Did you mean status?'],
    [['plan', '--fil', 'x'], 2, 'There is no option --fil. Did you mean --file'],
    [['up', '--port', 'many'], 2, '--port takes a number from 0 (free ports) to 65529, and "many" is none.'],
    [['get'], 2, 'Name a kind: event-types, entities'],
  ])('%j ends with %d', async (args, code, sentence) => {
    expect(await roofshot(args)).toMatchObject({ code, err: expect.stringContaining(sentence) });
  });

  test('without a command the help is shown, and each command has its own', async () => {
    const help = await roofshot([]);
    expect(help.code).toBe(2);
    for (const word of ['up', 'plan', 'apply', 'get', 'preview', 'replay', 'status', 'trace', 'dead-letters', 'doctor', 'Exit codes'])
      expect(help.out).toContain(word);
    expect(await roofshot(['trace', '--help'])).toMatchObject({ code: 0, out: expect.stringContaining('roofshot trace ID') });
  });

  test('an address where nothing answers ends with 3 and says how to start', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const url = `http://127.0.0.1:${(free.address() as AddressInfo).port}`;
    free.close();
    await once(free, 'close');
    expect(await roofshot(['status', '--url', url])).toEqual({
      code: 3,
      out: '',
      err: `roofshot: Nothing answers at ${url}. Start the platform with \`roofshot up\`, or name its address with --url.\n`,
    });
    expect(json((await roofshot(['status', '--url', url, '--json'])).out)).toMatchObject({
      error: expect.stringContaining('Nothing answers'),
    });
    expect(await roofshot(['status', '--url', 'here'])).toMatchObject({ code: 2, err: expect.stringContaining('is no address') });
  });
});
