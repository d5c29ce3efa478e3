import { parseRabbitUrl } from './rabbit-url.ts';

describe('an amqp:// URL', () => {
  it('names the nodes of a cluster, with the ports of AMQP where none is given', () => {
    expect(parseRabbitUrl('amqp://127.0.0.1')).toEqual({
      nodes: [{ host: '127.0.0.1', port: 5_672 }],
      tls: false,
      user: 'guest',
      password: 'guest',
      vhost: '/',
      heartbeatSeconds: 10,
    });
    expect(parseRabbitUrl('amqps://me:secret@a.example,[::1]:2/?heartbeat=30&outbox=2000')).toMatchObject({
      nodes: [
        { host: 'a.example', port: 5_671 },
        { host: '::1', port: 2 },
      ],
      tls: true,
      vhost: '/',
      heartbeatSeconds: 30,
      mostWaiting: 2_000,
    });
  });

  it('carries user, password and virtual host, percent-encoded', () => {
    expect(parseRabbitUrl('amqp://m%40e:p%3Aw%2F@b:1/team%2Fa')).toMatchObject({ user: 'm@e', password: 'p:w/', vhost: 'team/a' });
  });

  it.each(['amqp://me:s3@cret@b:1', 'amqp://me:s3/cret@b:1'])('shows nothing of the password in %s, which is not encoded', (url) => {
    expect(() => parseRabbitUrl(url)).toThrow(/^(?!.*(s3|cret)).*@ and \/ in user and password are not written as %40 and %2F/);
  });

  it('tells all faults at once', () => {
    const reading = (): unknown => parseRabbitUrl('amqp://me@b:99999,c:d/%zz?heartbeat=0&outbox=-1&prefetch=1');
    for (const fault of [
      '"b:99999" is no host:port',
      '"c:d" is no host:port',
      'user and password must both be given',
      'heartbeat is "0"',
      'outbox is "-1"',
      'no parameter "prefetch"',
      'a percent sign',
      'Its form is amqp://',
    ])
      expect(reading).toThrow(fault);
    expect(() => parseRabbitUrl('amqp://')).toThrow('it names no host');
  });
});
