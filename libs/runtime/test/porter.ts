/** A service that needs every port, and does next to nothing with them. */
import { Module } from '@nestjs/common';
import { defineCommand, defineEvent, defineTopic } from '@roofshot/contracts/define';
import { done, handle, on } from '@roofshot/messaging/handlers';
import { Type } from 'typebox';
import { defineService } from '../src/service.ts';

const Carried = defineEvent('parcel.carried', Type.Object({ parcel: Type.String() }));
export const parcels = defineTopic('parcels.v1', {
  events: [Carried],
  key: (event) => event.data.parcel,
  owner: 'porter',
  retentionDays: 1,
  description: 'What was carried.',
});
export const Carry = defineCommand('parcel.carry', {
  owner: 'porter',
  schema: Type.Object({ id: Type.String() }),
  id: (data) => data.id,
  description: 'Carries a parcel.',
});

@Module({})
class PorterModule {}

export const porter = defineService({
  name: 'porter',
  config: Type.Object({}),
  port: 4192,
  needs: ['events', 'commands', 'sql', 'online', 'objects'],
  publishes: [parcels],
  sends: [Carry],
  kinds: [],
  paths: [],
  migrations: [],
  module: () => ({ module: PorterModule }),
  handlers: () => [on(parcels, { 'parcel.carried': () => done() }), handle(Carry, () => done())],
});
