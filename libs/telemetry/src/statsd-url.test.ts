import { parseStatsdUrl, statsdFault } from './statsd-url.ts';

it.each([
  ['udp://statsd:9125', { protocol: 'udp', host: 'statsd', port: 9125, tagFormat: 'dogstatsd' }],
  ['udp://127.0.0.1', { protocol: 'udp', host: '127.0.0.1', port: 8125, tagFormat: 'dogstatsd' }],
  ['udp://[::1]:8125?tags=none', { protocol: 'udp', host: '::1', port: 8125, tagFormat: 'none' }],
  ['uds:/var/run/datadog/dsd.socket', { protocol: 'uds', path: '/var/run/datadog/dsd.socket', tagFormat: 'dogstatsd' }],
  ['uds:///tmp/with%20space.sock?tags=name', { protocol: 'uds', path: '/tmp/with space.sock', tagFormat: 'name' }],
])('reads %s', (url, address) => {
  expect(parseStatsdUrl(url)).toEqual(address);
});

it.each(['statsd:8125', '127.0.0.1:8125', 'udp://', 'udp:8125', 'udp://host:0', 'udp://host:99999', 'tcp://host:8125', 'uds:', 'nonsense'])(
  'refuses %s and says what to write',
  (url) => {
    expect(() => parseStatsdUrl(url)).toThrow(
      /^STATSD_URL=.* is not allowed; it is no address of a StatsD server\. Write udp:\/\/host:8125 or uds:/,
    );
  },
);

it('refuses a tag format that does not exist', () => {
  expect(() => parseStatsdUrl('udp://host?tags=influx')).toThrow('Use one of dogstatsd, name, none.');
});

it.each(['udp://host?tag=name', 'uds:/run/statsd.sock?tags=none&port=1'])('refuses %s, whose parameter does not exist', (url) => {
  expect(() => parseStatsdUrl(url)).toThrow(/there is no parameter "(tag|port)" \(there is tags\)\./);
});

describe('what is wrong with an address', () => {
  const lacking = (): string => "The module 'unix_dgram.node'\nwas compiled against a different Node.js version.";
  const given = (): undefined => undefined;

  it('is told with what to write instead', () => {
    expect(statsdFault('nonsense')).toBe('it is no address of a StatsD server. Write udp://host:8125 or uds:/path/of.socket.');
    expect(statsdFault('udp://host?tags=influx')).toBe('tags=influx is no tag format. Use one of dogstatsd, name, none.');
  });

  it('is the missing package where a Unix socket needs it, in one line', () => {
    expect(statsdFault('uds:/run/statsd.sock', lacking)).toBe(
      `Unix sockets need the package unix-dgram, which cannot be loaded here. Compile it for Node ${process.versions.node}, or write udp://host:8125. ` +
        "The module 'unix_dgram.node' was compiled against a different Node.js version.",
    );
  });

  it('is nothing where metrics can be sent there', () => {
    expect(statsdFault('uds:/run/statsd.sock', given)).toBeUndefined();
    expect(statsdFault('udp://host', lacking)).toBeUndefined();
  });
});
