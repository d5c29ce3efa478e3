import { Type, type TSchema } from 'typebox';
import { log } from '@roofshot/telemetry/logger';
import { readEnvironment, type Environment } from './env.ts';
import { startGateway } from './gateway.ts';
import { httpPrefixesOf } from './http-prefixes.ts';
import { endOnFault, stopOnSignals } from './process-signals.ts';
import { openTelemetry } from './process-telemetry.ts';
import type { AnyService } from './service.ts';

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

async function start(services: readonly Routed[], { port: usual, staticDir }: GatewayWishes): Promise<() => Promise<void>> {
  const environment = readEnvironment([{ name: NAME, port: usual, config: Type.Object(urlKeys(services)) }]);
  const closeTelemetry = openTelemetry(environment.shared);
  const gateway = await startGateway({
    host: environment.shared.host,
    port: environment.services.get(NAME)?.port ?? usual,
    portKey: 'GATEWAY_PORT',
    services: services.map((service) => ({ name: service.name, url: urlOf(service, environment), prefixes: httpPrefixesOf(service) })),
    ...(staticDir === undefined ? {} : { staticDir }),
  });
  log.info('Ready.', { 'service.name': NAME, 'labels.services': [`${NAME} ${gateway.url}`] });
  return async () => {
    await gateway.stop();
    await closeTelemetry();
  };
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
