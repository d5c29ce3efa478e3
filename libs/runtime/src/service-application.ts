import 'reflect-metadata';
import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DeadLetterOffice } from '@roofshot/messaging/dead-letter-office';
import type { Handler } from '@roofshot/messaging/handlers';
import { CommandsServer } from '@roofshot/messaging/nest/commands-server';
import { EventsServer } from '@roofshot/messaging/nest/events-server';
import { runWith } from '@roofshot/telemetry/context';
import { NestLogger } from '@roofshot/telemetry/nest-logger';
import { conversationOf } from './conversation.ts';
import { DEAD_LETTERS } from './dead-letters.controller.ts';
import { ErrorsFilter } from './errors.filter.ts';
import { createAdapter } from './fastify-adapter.ts';
import type { Delivering } from './health.controller.ts';
import { httpPrefixesOf, ownsPath } from './http-prefixes.ts';
import { HttpRoutes, type RouteDocument } from './http.ts';
import { listenOn, portKeyOf } from './listen.ts';
import { platformFor, type AnyPlatform, type World } from './platform.ts';
import { Readiness } from './readiness.ts';
import { schemaOf } from './schema-of.ts';
import { rootModule } from './service-module.ts';
import type { AnyService } from './service.ts';

type Strategy = EventsServer | CommandsServer;

/** Requests that still run get so long when the service stops. */
const INTAKE_CLOSE_MS = 10_000;

/** One service as a Nest application of its own, on the process's shared ports. */
export class ServiceApplication {
  readonly service: AnyService;
  readonly #app: NestFastifyApplication;
  readonly #platform: AnyPlatform;
  readonly #deliveries: (Strategy & Delivering)[];
  readonly #world: World;
  #office: DeadLetterOffice | undefined;

  private constructor(
    service: AnyService,
    world: World,
    made: { app: NestFastifyApplication; platform: AnyPlatform; deliveries: Strategy[] },
  ) {
    this.service = service;
    this.#world = world;
    this.#app = made.app;
    this.#platform = made.platform;
    this.#deliveries = made.deliveries;
  }

  /** Makes and initialises the application. Nothing is consumed and nobody is answered yet. */
  static async create(service: AnyService, world: World): Promise<ServiceApplication> {
    const { name } = service;
    return runWith({ service: name }, async () => {
      const platform = platformFor(service, world);
      const deliveries: Strategy[] = [];
      const adapter = createAdapter(name, platform.log);
      const root = rootModule(service, platform, {
        observed: { name, conversation: conversationOf(service), deliveries },
        letters: { name, office: () => made.#office },
      });
      const app = await NestFactory.create<NestFastifyApplication>(root, adapter, {
        logger: new NestLogger(),
        abortOnError: false,
        bodyParser: false,
      });
      app.useGlobalFilters(new ErrorsFilter(platform.log));
      const made: ServiceApplication = new ServiceApplication(service, world, { app, platform, deliveries });
      await made.#initialise();
      return made;
    });
  }

  async #initialise(): Promise<void> {
    try {
      await this.#app.init();
      refuseLostRoutes(this.service, this.#app.get(HttpRoutes).documents);
      this.#connectDeliveries();
    } catch (error) {
      await this.#app.close().catch(() => undefined); // what failed first is the cause
      throw error;
    }
  }

  #connectDeliveries(): void {
    const handlers = this.service.handlers((token) => this.#app.get(token, { strict: false }));
    const readiness = this.#app.get(Readiness);
    if (handlers.some(({ kind }) => kind !== 'follow')) this.#office = new DeadLetterOffice(this.#setup(), handlers);
    for (const delivery of deliveriesFor(handlers, this.#setup())) {
      this.#app.connectMicroservice({ strategy: delivery });
      this.#deliveries.push(delivery);
      readiness.waitFor(
        delivery instanceof EventsServer ? 'events' : 'commands',
        () => delivery.ready() || delivery.waitingFor().join('; '),
      );
    }
    this.#mentionServers(readiness);
    const { sql } = this.#platform;
    if (sql !== undefined) readiness.waitFor('the database', async () => (await sql.query('SELECT 1')).length === 1);
  }

  /** Without them some requests are answered still; what is said waits in the database, and what is stored is tried again. */
  #mentionServers(readiness: Readiness): void {
    const { needs } = this.service;
    const { events, commands, online, objects } = this.#world.ports;
    if (needs.includes('events')) readiness.mention(() => [...events.waitingFor(), ...events.setAside()]);
    if (needs.includes('commands')) readiness.mention(() => [...commands.waitingFor(), ...commands.setAside()]);
    if (needs.includes('online')) readiness.mention(() => online.waitingFor());
    if (needs.includes('objects')) readiness.mention(() => objects.waitingFor());
  }

  #setup(): ConstructorParameters<typeof EventsServer>[0] {
    const { name, clock, log } = this.#platform;
    const { sql, events: bus, commands: queue } = this.#world.ports;
    return { service: name, schema: schemaOf(name), sql, bus, queue, clock, log };
  }

  /** Begins to consume, then listens. */
  async start(): Promise<{ readonly url: string; readonly server: Server }> {
    const { name } = this.service;
    return runWith({ service: name }, async () => {
      await this.#app.startAllMicroservices();
      const { fastify } = this.#app.get(HttpRoutes);
      const { host } = this.#world.environment.shared;
      const port = this.#world.environment.services.get(name)?.port ?? this.service.port;
      const wish = { host, port, who: name, portKey: portKeyOf(name) };
      const url = await listenOn(fastify.server, () => fastify.listen({ host, port }), wish);
      return { url, server: fastify.server };
    });
  }

  /** From now on `/readyz` says ready as soon as nothing is awaited. */
  enterService(): void {
    this.#app.get(Readiness).enterStage(undefined);
  }

  /** Not ready, and no more requests; those that run may end. */
  async closeIntake(): Promise<void> {
    this.#app.get(Readiness).enterStage('nothing: the service is stopping');
    const { intake, fastify } = this.#app.get(HttpRoutes);
    const running = await intake.close(INTAKE_CLOSE_MS);
    if (running === 0) return;
    this.#platform.log.warn('Requests were cut off by the stop.', { 'labels.requests': running });
    fastify.server.closeAllConnections();
  }

  /** Ends consumption; running batches and commands may end. */
  async drain(): Promise<void> {
    await Promise.all(this.#deliveries.map((delivery) => delivery.close()));
  }

  async close(): Promise<void> {
    await this.#app.close();
  }
}

function deliveriesFor(handlers: readonly Handler[], setup: ConstructorParameters<typeof EventsServer>[0]): Strategy[] {
  const hasCommands = handlers.some(({ kind }) => kind === 'command');
  const hasEvents = handlers.some(({ kind }) => kind !== 'command');
  return [...(hasEvents ? [new EventsServer(setup, handlers)] : []), ...(hasCommands ? [new CommandsServer(setup, handlers)] : [])];
}

/** Answered by every service at its own port; the gateway answers its own. */
const OWN_PATHS = new Set(['/healthz', '/readyz', '/live', '/docs', '/openapi.json', '/asyncapi.json']);

/** A route that no declared path owns is never reached through the gateway, and a declared kind without routes answers nobody. */
function refuseLostRoutes(service: AnyService, routes: readonly RouteDocument[]): void {
  const prefixes = httpPrefixesOf(service);
  const isOwn = (url: string): boolean => OWN_PATHS.has(url) || ownsPath(DEAD_LETTERS, url);
  const lost = routes.filter(({ url }) => !isOwn(url) && !prefixes.some((prefix) => ownsPath(prefix, url)));
  const unowned = service.kinds.filter(
    ({ plural }) => !routes.some(({ method, url }) => method === 'PUT' && url === `/v1/${plural}/:name`),
  );
  const faults = [
    ...lost.map(({ method, url }) => `The route ${method} ${url} is under none of its paths. Add the path to the manifest.`),
    ...unowned.map(({ name }) => `Nothing answers for its kind ${name}. Make it with ownResources(…).`),
  ];
  if (faults.length > 0) throw new Error(faults.join(' '));
}
