/** Answers that are larger than Kafka takes in one record (1 MB, unless it is told otherwise). */
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { exposures, predictions } from '@roofshot/contracts/predictions';
import { log } from '@roofshot/telemetry/logger';
import { eventually } from '@roofshot/testing/eventually';
import { startServer } from '@roofshot/testing/start-server';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { encodeEntry, type Exposed, type Served } from '../src/spool/entries.ts';
import { nameSpool } from '../src/spool/relay-position.ts';
import { lineOf, served } from '../src/spool/sample-lines.ts';
import { Spool } from '../src/spool/spool.ts';
import { problemOf, RunningServing } from './running-serving.ts';
import { NOON, question, risk, type ServingLab } from './serving-lab.ts';

let folder: TempDir;
let kafka: Awaited<ReturnType<typeof startServer>>;
let running: RunningServing;
let lab: ServingLab;
beforeAll(async () => {
  folder = await tempDir('large-answers');
  kafka = await startServer('kafka', { folder: folder.path });
  running = await RunningServing.withDelays({ EVENTS_URL: `${kafka.url}?partitions=1` }, leaveLines);
  ({ lab } = running);
  await lab.declareFeatures({ ...risk, context: { ...risk.context, note: 'string' } }, { generation: 2 });
  await eventually(async () => expect(await lab.predict(asked('first', 'short'))).toMatchObject({ status: 200 }));
}, 180_000);
afterAll(async () => {
  await running.stop();
  await kafka.remove();
  await folder.remove();
});

const large = 'x'.repeat(1_100_000);
const spoolOf = (of: ServingLab): string => join(of.folder.path, 'services', 'serving', 'spool');

/** As an earlier process has answered that looked at no sizes. */
async function leaveLines(of: ServingLab): Promise<void> {
  const spool = await Spool.open({
    folder: spoolOf(of),
    name: await nameSpool(spoolOf(of)),
    after: 0,
    segmentBytes: 16_000_000,
    maxBytes: 16_000_000,
    log,
  });
  const exposed = {
    unit: 'u',
    experiment: 'e',
    phase: 1,
    variant: 'v',
    propensity: 1,
    configVersion: 1,
    predictionId: 'old-2',
    deployment: 'd',
  };
  const answers = [served('old-1'), served('old-2', { context: { note: large } }), served('old-3')];
  await spool.append(encodeEntry({ cause: {}, served: answers, exposed: [{ asOf: NOON, data: exposed }], shadowed: [] }));
  await spool.append(lineOf('old-4'));
  await spool.close();
}

const asked = (predictionId: string, note: string): Record<string, unknown> =>
  question({ predictionId, context: { hour: 12, distance: 1000, note } });

/** Predictions on the log that begin with `prefix`, once all that was answered is there. */
async function onLog(prefix: string): Promise<string[]> {
  await lab.published();
  const events = await lab.read<Served>(predictions, 'prediction.served');
  return events.map(({ data }) => data.predictionId).filter((id) => id.startsWith(prefix));
}

async function troubles(): Promise<string[]> {
  return (await lab.call<{ troubles: string[] }>('/readyz')).body.troubles;
}

test('what an earlier process answered and Kafka does not take is set aside and told, and all others are on the log', async () => {
  expect((await lab.predict(asked('old-5', 'short'))).status).toBe(200);
  await eventually(async () => expect(await onLog('old-')).toEqual(['old-1', 'old-3', 'old-4', 'old-5']));
  await eventually(async () => expect((await lab.read<Exposed>(exposures)).map(({ data }) => data.predictionId)).toEqual(['old-2']));

  const file = join(spoolOf(lab), 'set-aside.ndjson');
  const kept = JSON.parse(await readFile(file, 'utf8')) as { predictionId: string; reason: string; record: { value: string } };
  expect(kept.predictionId).toBe('old-2');
  expect(kept.reason).toMatch(/^It is about 11\d{5} bytes, and the topic predictions\.v1 takes 1047\d{3}\.$/);
  expect(JSON.parse(kept.record.value)).toEqual(served('old-2', { context: { note: large } }));
  expect(await troubles()).toEqual([expect.stringContaining(`was set aside in ${file} (1.1 MB)`)]);
  await rename(file, join(lab.folder.path, 'handled.ndjson'));
  expect(await troubles()).toEqual([]);
});

describe('a question whose answer the log would not take', () => {
  test('is refused with both sizes, and the log goes on', async () => {
    const refused = await lab.predict(asked('refused-1', large));
    expect({ status: refused.status, code: problemOf(refused).code }).toEqual({ status: 413, code: 'too-large' });
    expect(problemOf(refused).detail).toMatch(/the question would make a record of about 11\d{5} bytes, and its topic takes 1047\d{3}\./);
    expect((await lab.predict(asked('refused-2', 'x'.repeat(500_000)))).status).toBe(200);
    await eventually(async () => expect(await onLog('refused-')).toEqual(['refused-2']));
    expect(await troubles()).toEqual([]);
  });

  test('refuses its batch, which is answered without it', async () => {
    const others = [asked('batch-1', 'short'), asked('batch-2', 'short')];
    const refused = await lab.predict({ requests: [...others, asked('batch-3', large)] });
    expect(refused.status).toBe(413);
    expect(problemOf(refused).faults).toEqual([{ path: '/requests/2', message: expect.stringContaining('its topic takes') as string }]);
    expect((await lab.predict({ requests: others })).status).toBe(200);
    await eventually(async () => expect(await onLog('batch-')).toEqual(['batch-1', 'batch-2']));
  });
});
