/** The same journey as six processes on Kafka, RabbitMQ, PostgreSQL, Redis and S3. */
import { brokersAndStores } from './journey/servers.ts';
import { sixProcesses } from './journey/six-processes.ts';
import { theJourney } from './journey/tests.ts';

theJourney([sixProcesses('six processes on Kafka, RabbitMQ, PostgreSQL, Redis and S3', brokersAndStores)]);
