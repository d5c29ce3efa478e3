import { Type, type TSchema } from 'typebox';
import { log } from '@roofshot/telemetry/logger';
import { readEnvironment, type Environment } from './env.ts';
import { startGateway } from './gateway.ts';
import { httpPrefixesOf } from './http-prefixes.ts';
import { endOnFault, logFailedStart, stopOnSignals } from './process-signals.ts';
import { isLogElsewhere, openTelemetry } from './process-telemetry.ts';
import type { AnyService } from './service.ts';
import { Shutdown } from './shutdown.ts';

const NAME = 'gateway';

/** What the gateway needs to know of a service: where it listens when nothing else is said, and what it answers. */
export type Routed = Pick<AnyService, 'name' | 'port' | 'kinds' | 'paths'>;

export interface GatewayWishes {
  /** Where it listens unless GATEWAY_PORT says otherwise. */
  readonly port: number;
  /** See `GatewayOptions`. */
  readonly staticDir?: string;
}

/**
 * The gateway as a process of its own, before services that are processes of their own: GATEWAY_<SERVICE>_URL says where each is
 * (default: its usual port on this machine). It needs none of them to start. Ends on SIGTERM or SIGINT.
 */
export async function runGateway(services: readonly Routed[], wishes: GatewayWishes): Promise<void> {
  const starting = start(services, wishes);
  stopOnSignals(async () => (await starting)());
  await starting.catch(endOnFault);
}

async function start(services: readonly Routed[], wishes: GatewayWishes): Promise<() => Promise<void>> {
  const environment = readEnvironment([{ name: NAME, port: wishes.port, config: Type.Object(urlKeys(services)) }]);
  const shutdown = new Shutdown(log);
  try {
    await startIn(shutdown, environment, services, wishes);
  } catch (error) {
    if (isLogElsewhere(environment.shared)) logFailedStart(error);
    await shutdown.run().catch(() => undefined); // what failed in it is in its log; the caller needs the first cause
    throw error;
  }
  return () => shutdown.run();
}

async function startIn(
  shutdown: Shutdown,
  environment: Environment,
  services: readonly Routed[],
  { port: usual, staticDir }: GatewayWishes,
): Promise<void> {
  const { shared } = environment;
  const telemetry = openTelemetry(shared, { name: NAME, ownsProcess: true });
  shutdown.add(() => telemetry.close());
  await telemetry.connectSentry();
  await telemetry.connectLogServer();
  const gateway = await startGateway({
    host: shared.host,
    port: environment.services.get(NAME)?.port ?? usual,
    portKey: 'GATEWAY_PORT',
    services: services.map((service) => ({ name: service.name, url: urlOf(service, environment), prefixes: httpPrefixesOf(service) })),
    ...(staticDir === undefined ? {} : { staticDir }),
  });
  shutdown.add(() => gateway.stop());
  log.info('Ready.', { 'service.name': NAME, 'labels.services': [`${NAME} ${gateway.url}`] });
}

/** `training-x` is asked for as `trainingXUrl`, which the environment spells GATEWAY_TRAINING_X_URL. */
const propertyOf = (service: string): string => `${service.replaceAll(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase())}Url`;

function urlKeys(services: readonly Routed[]): Record<string, TSchema> {
  const keyOf = ({ name, port }: Routed): [string, TSchema] => [
    propertyOf(name),
    Type.String({ pattern: '^http://[^/?#]+/?$', title: 'it must be http://host:port', default: `http://127.0.0.1:${port}` }),
  ];
  return Object.fromEntries(services.map(keyOf));
}

function urlOf({ name }: Routed, environment: Environment): string {
  const config = environment.services.get(NAME)?.config as Readonly<Record<string, string>>;
  return (config[propertyOf(name)] ?? '').replace(/\/$/, '');
}
