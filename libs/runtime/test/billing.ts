/** A service that fails in every way a service can, on people's data. */
import { Inject, Injectable, Module } from '@nestjs/common';
import { Closed, defineCommand, defineEvent, defineTopic } from '@roofshot/contracts/define';
import { done, handle, on, reject } from '@roofshot/messaging/handlers';
import { Type, type Static } from 'typebox';
import { HttpRoutes } from '../src/http.ts';
import { defineService, PLATFORM, type Platform } from '../src/service.ts';

const Payment = Closed({ id: Type.String(), email: Type.String(), name: Type.String() });
type Payment = Static<typeof Payment>;

const PaymentMade = defineEvent('payment.made', Payment);
export const payments = defineTopic('payments.v1', {
  events: [PaymentMade],
  key: (event) => event.data.id,
  owner: 'billing',
  retentionDays: 1,
  description: 'What was paid.',
});

const command = (name: string): ReturnType<typeof defineCommand<string, typeof Payment>> =>
  defineCommand(name, { owner: 'billing', schema: Payment, id: ({ id }: Payment) => id, description: 'A wish that cannot be fulfilled.' });
const ChargePayment = command('payment.charge');
const RefundPayment = command('payment.refund');

/** As careless as errors are: what was worked on, an address with its password, what was sent. */
function fail({ email, name }: Payment): never {
  const cause = Object.assign(
    new Error(`POST https://billing:planted-password@bank.example/charge?card=planted-card failed for ${email}`),
    {
      code: 'E_BANK',
      request: { headers: { authorization: 'Bearer planted-token' }, body: { email, name } },
    },
  );
  throw Object.assign(new TypeError(`The payment of ${email} cannot be charged.`, { cause }), {
    code: 'E_CHARGE',
    payment: { email, name },
  });
}

@Injectable()
class BillingController {
  constructor(@Inject(PLATFORM) { transactions }: Platform<'events' | 'commands' | 'sql'>, http: HttpRoutes) {
    const publish = (data: Payment): Promise<void> =>
      transactions.run(async (tx) => tx.publish(payments, [{ type: 'payment.made', data }]));
    const ways: Readonly<Record<string, (payment: Payment) => unknown>> = {
      event: publish,
      charge: (payment) => transactions.run(async (tx) => tx.send(ChargePayment, payment)),
      refund: (payment) => transactions.run(async (tx) => tx.send(RefundPayment, payment)),
      request: fail,
      crash: (payment) => void setImmediate(() => fail(payment)),
      rejection: (payment) => void Promise.resolve().then(() => fail(payment)),
    };
    http.route({
      method: 'POST',
      url: '/v1/payments/:way',
      summary: 'Fails.',
      params: Type.Object({ way: Type.String() }),
      query: Closed({ note: Type.Optional(Type.String()) }),
      body: Payment,
      status: 202,
      handler: async ({ params, body }) => {
        await ways[params.way]?.(body);
        return { accepted: body.id };
      },
    });
  }
}

@Module({})
class BillingModule {}

export const billing = defineService({
  name: 'billing',
  config: Type.Object({}),
  port: 4192,
  needs: ['events', 'commands', 'sql'],
  publishes: [payments],
  sends: [ChargePayment, RefundPayment],
  kinds: [],
  paths: ['/v1/payments'],
  migrations: [],
  module: () => ({ module: BillingModule, providers: [BillingController] }),
  handlers: () => [
    on(payments, { 'payment.made': ({ data }) => (data.name === 'paid' ? done() : fail(data)) }),
    handle(ChargePayment, ({ data }) => fail(data)),
    handle(RefundPayment, ({ data }) => reject(`nothing is owed to ${data.email}`)),
  ],
});
