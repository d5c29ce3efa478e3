import { parseRedisUrl } from './redis-url.ts';

describe('a redis:// URL', () => {
  it('names a server, a database and a prefix, and carries credentials percent-encoded', () => {
    expect(parseRedisUrl('redis://10.0.0.1')).toEqual({
      host: '10.0.0.1',
      port: 6_379,
      tls: false,
      username: undefined,
      password: undefined,
      database: 0,
      prefix: 'roofshot:',
    });
    expect(parseRedisUrl('rediss://me:p%40ss@[::1]:7000/3?prefix=a:')).toEqual({
      host: '::1',
      port: 7_000,
      tls: true,
      username: 'me',
      password: 'p@ss',
      database: 3,
      prefix: 'a:',
    });
    expect(parseRedisUrl('redis://:only%3Aone@h')).toMatchObject({ username: undefined, password: 'only:one' });
  });

  it('tells all faults at once, and not the password', () => {
    const reading = (): unknown => parseRedisUrl('redis://:p%zz@host/first?ttl=1');
    for (const fault of ['the database "first" is no number', 'a percent sign', 'no parameter "ttl"', 'Its form is redis://'])
      expect(reading).toThrow(fault);
    expect(() => parseRedisUrl('redis://:se/cret@host')).toThrow(/^(?!.*cret).*it is no URL/);
    expect(() => parseRedisUrl('redis://me:33/cret@host')).toThrow(/^(?!.*cret).*a slash in user or password must be written as %2F/);
  });
});
