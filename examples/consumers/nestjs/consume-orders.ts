// A NestJS microservice with the Kafka transport that Nest brings along. What to know of it is in docs/consuming-events.md.
import 'reflect-metadata';
import { Controller, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Ctx, EventPattern, KafkaContext, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import type { Consumer } from 'kafkajs';
import { OrderTotals } from '../order-totals.ts';

const { BROKERS = 'localhost:9092', TOPIC = 'events.order.placed', GROUP = 'order-totals', DATABASE = 'orders.sqlite' } = process.env;

/** Nest reads a header, and a value, that begins with a bracket as JSON. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

@Controller()
class OrdersController implements OnApplicationShutdown {
  constructor(@Inject(OrderTotals) private readonly totals: OrderTotals) {}

  /**
   * Whoever throws here is asked again and again, and nothing behind it in the partition is read: what can never be handled has to be
   * set aside, as `take` does. When this returns, kafkajs may commit the position.
   */
  @EventPattern<string>(TOPIC)
  take(@Ctx() context: KafkaContext): void {
    const { headers = {}, offset, value } = context.getMessage();
    const texts = Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, textOf(header)]));
    this.totals.take([{ topic: context.getTopic(), partition: context.getPartition(), offset, headers: texts, value: textOf(value) }]);
  }

  /** After the consumer has been disconnected. */
  onApplicationShutdown(): void {
    this.totals.close();
  }
}

@Module({ controllers: [OrdersController], providers: [{ provide: OrderTotals, useFactory: () => new OrderTotals(DATABASE) }] })
class OrdersModule {}

const app = await NestFactory.createMicroservice<MicroserviceOptions>(OrdersModule, {
  transport: Transport.KAFKA,
  options: {
    postfixId: '', // else the group is called order-totals-server
    client: { clientId: GROUP, brokers: BROKERS.split(',') },
    consumer: { groupId: GROUP, sessionTimeout: 10_000, maxWaitTimeInMs: 500 },
    subscribe: { fromBeginning: true }, // else a new group begins at the end, and misses what came before
    run: { autoCommitInterval: 1_000 },
  },
});
app.enableShutdownHooks(); // else SIGTERM ends the process in the middle of an event
await app.listen();

// Without this the process would live on and read nothing.
const [, consumer] = app.unwrap<[unknown, Consumer]>();
consumer.on('consumer.crash', ({ payload: { error, restart } }) => {
  console.error(error.message);
  if (!restart) process.exit(1);
});
