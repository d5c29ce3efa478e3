import { parseKafkaUrl } from './kafka-url.ts';

describe('a kafka:// URL', () => {
  it('names brokers, and what topics get', () => {
    expect(parseKafkaUrl('kafka://127.0.0.1:9092')).toEqual({
      brokers: ['127.0.0.1:9092'],
      ssl: false,
      partitions: 6,
      replication: undefined,
    });
    expect(parseKafkaUrl('kafka://a:1,[::1]:2/?partitions=12&replication=3&outbox=20000')).toMatchObject({
      brokers: ['a:1', '[::1]:2'],
      partitions: 12,
      replication: 3,
      mostWaiting: 20_000,
    });
  });

  it('carries credentials, percent-encoded', () => {
    expect(parseKafkaUrl('kafka://me:p%40ss%3A@b.example:9093?ssl=true&sasl=scram-sha-512')).toMatchObject({
      brokers: ['b.example:9093'],
      ssl: true,
      sasl: { mechanism: 'scram-sha-512', username: 'me', password: 'p@ss:' },
    });
  });

  it('shows nothing of a password that was not encoded', () => {
    expect(() => parseKafkaUrl('kafka://me:s3@cret@b:9092')).toThrow(/^(?!.*cret).*an @ in user or password must be written as %40/);
    expect(() => parseKafkaUrl('kafka://me:s3/cret@b:9092')).toThrow(/^(?!.*(s3|cret)).*EVENTS_URL cannot be read/);
  });

  it('tells all faults at once', () => {
    const reading = (): unknown => parseKafkaUrl('kafka://me@a,b:99999?partitions=0&outbox=many&ssl=yes&acks=1&sasl=gssapi');
    for (const fault of [
      '"a" is no host:port',
      '"b:99999" is no host:port',
      'partitions is "0"',
      'outbox is "many"',
      'ssl is "yes"',
      'no parameter "acks"',
      'user and password must both be given',
      'sasl is "gssapi"',
      'Its form is kafka://',
    ])
      expect(reading).toThrow(fault);
    expect(() => parseKafkaUrl('kafka://')).toThrow('it names no broker');
  });
});
