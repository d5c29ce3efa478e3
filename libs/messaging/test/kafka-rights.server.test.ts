/** A Kafka that asks who comes, and lets few do much: what is missing is told at once, all of it, with the remedy. */
import { forgeServer, replacing } from '@roofshot/testing/forged-server';
import { GUARDED_PASSWORD, GUARDED_USER, startGuardedKafka, type GuardedKafka } from '@roofshot/testing/guarded-kafka';
import { testDatabase, type TestDatabase } from '@roofshot/testing/postgres';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import type { TopicSpec } from '../src/events/bus.ts';
import { KafkaConnection } from '../src/events/kafka/kafka-connection.ts';
import { freshTopic, recordOf, silent, specOf } from '../src/events/log-lab.ts';
import { openEventBus } from '../src/events/open-event-bus.ts';

describe('a Kafka with users', () => {
  let folder: TempDir;
  let kafka: GuardedKafka;
  let services: TestDatabase;
  const opened: KafkaConnection[] = [];
  beforeAll(async () => {
    [folder, services] = await Promise.all([tempDir('kafka-rights'), testDatabase()]);
    kafka = await startGuardedKafka(folder.path);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(opened.map((connection) => connection.close()));
    await kafka.remove();
    await services.drop();
    await folder.remove();
  });

  const open = async (url: string): Promise<KafkaConnection> => {
    const connection = await KafkaConnection.open(url, silent);
    opened.push(connection);
    return connection;
  };
  const login = `${GUARDED_USER}:${GUARDED_PASSWORD}`;
  const limited = (): Promise<KafkaConnection> => open(`kafka://${login}@${kafka.guarded}`);
  const used = (name: string, ...uses: ('read' | 'write')[]): TopicSpec => ({ ...specOf(name), uses });
  const made = async (): Promise<string> => {
    const topic = freshTopic();
    await kafka.admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    return topic;
  };

  it('refuses a wrong login with the remedy, which no waiting mends', async () => {
    const [, port = ''] = /:(\d+)$/.exec(kafka.server.url) ?? [];
    for (const [url, remedy] of [
      [`kafka://${GUARDED_USER}:wrong@${kafka.guarded}`, 'Correct user and password, percent-encoded, or the mechanism'],
      [`kafka://${login}@${kafka.guarded}?sasl=scram-sha-256`, 'name its mechanism (sasl=scram-sha-512)'],
      [`kafka://${login}@127.0.0.1:${port}`, 'Its port takes no such login: leave user and password out'],
    ] as const) {
      const failure: unknown = await open(url).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        message: expect.stringContaining(remedy),
        cause: { name: expect.not.stringMatching('LostConnection') },
      });
      expect(String(failure)).not.toContain(GUARDED_PASSWORD);
    }
  }, 60_000);

  it('takes a port that ends the connection for one that may come, and says what else it may be', async () => {
    for (const host of [kafka.guarded, new URL(services.url).host])
      await expect(open(`kafka://${host}`)).rejects.toMatchObject({
        message: expect.stringMatching(/this port may be of another server, or may want a login \(user:password@\) or TLS/),
        cause: { name: 'LostConnection' },
      });
  }, 60_000);

  it('refuses brokers that are too old', async () => {
    // In the list of what the broker speaks: Metadata (3), from version 0 to 13; 9 is that of Kafka 2.7.
    const old = replacing(Buffer.from([0, 3, 0, 0, 0, 13]), Buffer.from([0, 3, 0, 0, 0, 9]));
    const forged = await forgeServer(new URL(kafka.server.url.replace('kafka:', 'http:')), old);
    await expect(open(`kafka://127.0.0.1:${forged.port}`)).rejects.toThrow('The Kafka brokers are older than 2.8');
    await forged.close();
  }, 60_000);

  it('names every right that is missing to every topic, and how to grant it', async () => {
    const [read, written, hidden, absent] = [await made(), await made(), await made(), freshTopic()];
    await kafka.allow(read, ['DESCRIBE']);
    await kafka.allow(written, ['DESCRIBE']);
    await kafka.allow(hidden, ['CREATE']);
    const ensuring = (await limited()).ensureTopics([used(read, 'read'), used(written, 'write'), used(hidden), used(absent, 'read')]);
    await expect(ensuring).rejects.toMatchObject({
      name: 'ServerRefusal',
      message:
        `Kafka at ${kafka.guarded} (EVENTS_URL) does not give the user "${GUARDED_USER}" the rights that are needed: ` +
        `Create (${absent}), Describe (${hidden}), Read (${read}), Write (${written}), DescribeConfigs (${written}). ` +
        `Grant them: kafka-acls --bootstrap-server ${kafka.guarded} --add --allow-principal User:${GUARDED_USER} --operation … --topic …`,
    });
  }, 60_000);

  it('asks for no right beyond those that are used', async () => {
    const [read, written] = [await made(), freshTopic()];
    await kafka.allow(read, ['READ']);
    await kafka.allow(written, ['CREATE', 'WRITE', 'DESCRIBE_CONFIGS']);
    const bus = await openEventBus(`kafka://${login}@${kafka.guarded}`, { sql: services.sql, sqlUrl: services.url, log: silent });
    await bus.ensureTopics([used(read, 'read'), used(written, 'write')]);
    expect(await bus.publish([recordOf(written, 'key', 1)])).toMatchObject([{ topic: written, offset: 0 }]);
    const [bounds] = await bus.bounds(read);
    expect(bounds && (await bus.readFrom(bounds, 0, 1))).toEqual([]);
    await bus.close();
  }, 60_000);

  it('that does not give a right later is told by those who need it, and by what the bus waits for', async () => {
    const topic = await made();
    await kafka.allow(topic, ['READ', 'DESCRIBE_CONFIGS']);
    const bus = await openEventBus(`kafka://${login}@${kafka.guarded}`, { sql: services.sql, sqlUrl: services.url, log: silent });
    const message = expect.stringContaining(`the rights that are needed: Write (one of ${topic}). Grant them: kafka-acls`) as string;
    await expect(bus.publish([recordOf(topic, 'key', 1)])).rejects.toMatchObject({ name: 'ServerRefusal', message });
    expect(bus.waitingFor()).toEqual([message]);
    await kafka.allow(topic, ['WRITE']);
    await bus.publish([recordOf(topic, 'key', 1)]);
    expect(bus.waitingFor()).toEqual([]);
    await bus.close();
  }, 60_000);

  it('does not make topics with more copies than it has brokers, and says which setting asks for them', async () => {
    const ensuring = (await open(`${kafka.server.url}?replication=3`)).ensureTopics([specOf(freshTopic())]);
    await expect(ensuring).rejects.toThrow(
      /does not make the topics that are needed: .*[Rr]eplication.*replication=3 of EVENTS_URL: correct them/,
    );
  }, 60_000);
});
