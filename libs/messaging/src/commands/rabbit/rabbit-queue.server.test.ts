import { commandDeliveryConformance } from '../../delivery/command-delivery.conformance.ts';
import { queueConformance } from '../queue.conformance.ts';
import { startRabbitLab } from './rabbit-lab.ts';

queueConformance('RabbitMQ', startRabbitLab);
commandDeliveryConformance('RabbitMQ', startRabbitLab);
