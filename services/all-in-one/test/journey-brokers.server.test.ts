/** The same journey as six processes on Kafka, RabbitMQ, PostgreSQL, Redis, S3 and Elasticsearch. */
import { startPlatformServers } from '@roofshot/testing/platform-servers';
import { expectEveryQueryAnswered, expectTheWayInTheLogs, sendTracedOrder } from './journey/logs.ts';
import { sixProcesses } from './journey/six-processes.ts';
import { theJourney } from './journey/tests.ts';

theJourney(
  [sixProcesses('six processes on Kafka, RabbitMQ, PostgreSQL, Redis, S3 and Elasticsearch', startPlatformServers)],
  async (platform, client) => {
    await sendTracedOrder(client);
    await expectTheWayInTheLogs(platform);
    await expectEveryQueryAnswered(platform);
  },
);
