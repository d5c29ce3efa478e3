import { chooseWay, waysToStart } from './choose.ts';
import { redis } from './redis.ts';
import { NotToBeHad } from './server-kind.ts';
import type { Way } from './way.ts';

const kind = { title: 'Kafka', variable: 'TEST_KAFKA_URL' };
const neverStarted = () => Promise.reject(new Error('started'));
const open: Way = { prepare: async () => undefined, start: neverStarted };
const closed = (why: string, remedy: string): Way => ({ prepare: () => Promise.reject(new NotToBeHad(why, remedy)), start: neverStarted });

describe('the way to a server', () => {
  it('is the first that is open', async () => {
    const [first, second] = [{ ...open }, { ...open }];
    expect(await chooseWay(kind, [first, second])).toBe(first);
    expect(await chooseWay(kind, [closed('no Docker engine answers', 'start Docker'), second])).toBe(second);
  });

  it('is refused with every reason, every remedy and what can be run without servers', async () => {
    const ways = [closed('no Docker engine answers', 'start Docker'), closed('java is not in the PATH', 'install Java')];
    await expect(chooseWay(kind, ways)).rejects.toThrow(
      'Kafka cannot be had for tests here: TEST_KAFKA_URL is not set; no Docker engine answers; java is not in the PATH. To have it, ' +
        'set TEST_KAFKA_URL to the URL of one that runs; or start Docker; or install Java. ' +
        'Without servers, npm run test:embedded runs everything that needs none.',
    );
  });

  it('is not changed because of a fault that another way would only hide', async () => {
    const faulty: Way = { prepare: () => Promise.reject(new Error('disk full')), start: neverStarted };
    await expect(chooseWay(kind, [faulty, open])).rejects.toThrow('disk full');
  });
});

describe('TEST_SERVERS', () => {
  const before = process.env.TEST_SERVERS;
  const ways = (value: string) => {
    process.env.TEST_SERVERS = value;
    return waysToStart(redis, { folder: '/nowhere', settings: {} });
  };
  afterAll(() => {
    if (before === undefined) delete process.env.TEST_SERVERS;
    else process.env.TEST_SERVERS = before;
  });

  it('keeps to one way, and is refused when it names none', () => {
    expect([ways('').length, ways('native').length, ways('container').length]).toEqual([2, 1, 1]);
    expect(() => ways('podman')).toThrow('set it to container or native');
  });
});
