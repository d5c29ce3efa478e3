import { queueConformance } from '../queue.conformance.ts';
import { startRabbitLab } from './rabbit-lab.ts';

queueConformance('RabbitMQ', startRabbitLab);
