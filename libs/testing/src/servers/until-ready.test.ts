import { untilReady, type Starting } from './until-ready.ts';

const never = new Promise<string>(() => undefined);

function starting(change: Partial<Starting['kind']>, ended = never): Starting {
  const kind = { title: 'Kafka', patienceMs: 60_000, prove: async () => undefined, ...change };
  return { kind, url: 'kafka://127.0.0.1:1', ended, tail: async () => 'The end of its log: …port in use' };
}

describe('a server that was started', () => {
  it('is ready once it has been used, however often that fails before', async () => {
    let tries = 0;
    const prove = async () => {
      tries += 1;
      if (tries < 3) throw new Error('refused');
    };
    await untilReady(starting({ prove }));
    expect(tries).toBe(3);
  });

  it('fails at once when it ends, with the end of its log', async () => {
    const prove = () => new Promise<void>(() => undefined);
    await expect(untilReady(starting({ prove }, Promise.resolve('exit code 1')))).rejects.toThrow(
      'Kafka ended with exit code 1 before it was ready. The end of its log: …port in use',
    );
  });

  it('fails when it has had its time, with what was tried last', async () => {
    const prove = () => Promise.reject(new Error('no leader'));
    await expect(untilReady(starting({ prove, patienceMs: 0 }))).rejects.toThrow('the last try to use it: no leader. The end of its log');
  });
});
