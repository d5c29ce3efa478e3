/** A second service, with no state but what it hears. Its provider can be made to fail. */
import { Inject, Injectable, Module } from '@nestjs/common';
import { follow } from '@roofshot/messaging/handlers';
import { Type } from 'typebox';
import { HttpRoutes } from '../src/http.ts';
import { Readiness } from '../src/readiness.ts';
import { defineService, PLATFORM, type Platform } from '../src/service.ts';
import { tallies } from './tally.ts';

const GreeterConfig = Type.Object({
  fails: Type.Boolean({ default: false }),
  strays: Type.Boolean({ default: false }),
  waits: Type.Boolean({ default: false }),
});

@Injectable()
class Greeter {
  readonly heard: string[] = [];

  constructor(
    @Inject(PLATFORM) { config, folder, clock }: Platform<'events' | 'sql', { fails: boolean; strays: boolean; waits: boolean }>,
    http: HttpRoutes,
    readiness: Readiness,
  ) {
    if (config.fails) throw new Error('its dictionary is missing');
    readiness.waitFor('its dictionary', () => !config.waits);
    const answer = (): object => ({ heard: this.heard, folder, now: clock() });
    http.route({ method: 'GET', url: config.strays ? '/v1/elsewhere' : '/v1/greetings', summary: 'What was heard.', handler: answer });
  }
}

@Module({})
class GreeterModule {}

export const greeter = defineService({
  name: 'greeter',
  config: GreeterConfig,
  port: 4191,
  needs: ['events', 'sql'],
  publishes: [],
  sends: [],
  kinds: [],
  paths: ['/v1/greetings'],
  migrations: [],
  module: () => ({ module: GreeterModule, providers: [Greeter] }),
  handlers: (get) => [
    follow(tallies, { 'tally.added': ({ data }) => void get(Greeter).heard.push(data.name), 'counter.changed': 'ignore' }),
  ],
});
