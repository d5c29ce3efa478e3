import { testServer } from '@roofshot/testing/test-server';
import { startRabbitLab } from '../src/commands/rabbit/rabbit-lab.ts';
import { redriveFaults } from './redrive-killed.faults.ts';

redriveFaults('RabbitMQ', async () => ({ lab: await startRabbitLab(), commandsUrl: await testServer('rabbitmq') }));
