import { parseStatsdUrl } from './statsd-url.ts';

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
      /STATSD_URL is ".*", which is no address of a StatsD server\. Write udp:\/\/host:8125 or uds:/,
    );
  },
);

it('refuses a tag format that does not exist', () => {
  expect(() => parseStatsdUrl('udp://host?tags=influx')).toThrow('Use one of dogstatsd, name, none.');
});
