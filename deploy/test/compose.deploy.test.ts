/** Images are built, compose.yaml is started, and the journey is gone through its one door; then the image of everything by itself. */
import { expectEveryQueryAnswered, expectTheWayInTheLogs, sendTracedOrder } from '../../services/all-in-one/test/journey/logs.ts';
import { theJourney } from '../../services/all-in-one/test/journey/tests.ts';
import { startOneContainer, type OneContainer } from './all-in-one-container.ts';
import { PARTS } from './compose-override.ts';
import { containers } from './compose-platform.ts';
import { docker } from './docker.ts';
import { buildImages, imageOf, type Images } from './images.ts';

const ALL = [...PARTS, 'all-in-one'];
/** Where nothing is at hand yet, Debian, npm's and Python's packages are fetched. */
const BUILD_MS = 30 * 60_000;

const reason = process.env['ENGINE_MISSING'];
const inContainers = reason === undefined ? describe : describe.skip;

inContainers(reason === undefined ? 'the images' : `the images and compose.yaml (not run: ${reason})`, () => {
  let images: Images;

  beforeAll(async () => {
    images = await buildImages(ALL);
  }, BUILD_MS);

  it.each(ALL)('%s runs as nobody in particular, says its health, and is process 1 or behind a small one', async (name) => {
    const [about] = JSON.parse(await docker('image', 'inspect', imageOf(name))) as { Size: number; Config: Record<string, unknown> }[];
    expect(about?.Config).toMatchObject({
      User: '10001:10001',
      StopSignal: 'SIGTERM',
      Volumes: { '/data': {} },
      Labels: { 'org.opencontainers.image.title': `roofshot ${name}` },
      Healthcheck: { Test: ['CMD', 'node', 'deploy/docker/healthcheck.mjs'] },
    });
    expect(about?.Config['Entrypoint']).toEqual(expect.arrayContaining(['node', '--import', './register.mjs']));
    process.stdout.write(`image ${name}: ${Math.round((about?.Size ?? 0) / 1e6)} MB\n`);
  });

  it('has no compilers, no tests and no package manager of Python in them', async () => {
    const look =
      'find contracts libs services -name "*.test.ts"; ls -d node_modules/typescript node_modules/jest node_modules/vite .venv/bin/pip || true';
    const found = await docker('run', '--rm', '--network', 'none', '--entrypoint', 'sh', imageOf('all-in-one'), '-c', look);
    expect(found.trim()).toBe('');
  });

  describe('everything in one container', () => {
    let container: OneContainer;
    beforeAll(async () => {
      container = await startOneContainer();
    }, 180_000);
    afterAll(async () => {
      await container?.remove();
    }, 60_000);

    const ask = async (path: string, method: string, type: string, body: unknown): Promise<unknown> => {
      const answer = await fetch(`${container.url}${path}`, { method, headers: { 'content-type': type }, body: JSON.stringify(body) });
      return answer.json();
    };
    const send = (id: string): Promise<unknown> =>
      ask('/v1/events', 'POST', 'application/cloudevents+json', {
        specversion: '1.0',
        id,
        source: '/shop',
        type: 'user.signed-up',
        subject: 'u1',
        data: { plan: 'pro' },
      });

    it('keeps what it has accepted over kill -9, and ends in order when it is told to', async () => {
      const schema = { type: 'object', required: ['plan'], properties: { plan: { type: 'string' } } };
      await ask('/v1/event-types/user.signed-up', 'PUT', 'application/json', {
        apiVersion: 'roofshot/v1',
        kind: 'EventType',
        metadata: { name: 'user.signed-up' },
        spec: { schema },
      });
      expect(await send('1')).toMatchObject({ accepted: 1 });
      await container.killAndStart();
      expect(await send('1')).toMatchObject({ accepted: 0, duplicate: 1 });
      expect((await fetch(container.url)).headers.get('content-type')).toContain('text/html');
      expect(await container.stop()).toBe(0);
    }, 180_000);
  });

  theJourney([containers(() => images)], async (platform, client) => {
    await sendTracedOrder(client);
    await expectTheWayInTheLogs(platform);
    await expectEveryQueryAnswered(platform);
  });
});
