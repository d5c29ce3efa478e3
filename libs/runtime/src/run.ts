import { log } from '@roofshot/telemetry/logger';
import { completeness } from './completeness.ts';
import { readEnvironment, type Environment, type Variables } from './env.ts';
import type { Front, Fronted } from './front.ts';
import { httpPrefixesOf } from './http-prefixes.ts';
import { openPorts, type OpenPorts, type PortWishes } from './open-ports.ts';
import type { PortKey } from './port-faults.ts';
import { portNeedsOf } from './port-needs.ts';
import { claimFolders, type World } from './platform.ts';
import { endOnFault, logFailedStart, stopOnSignals } from './process-signals.ts';
import { isLogElsewhere, openTelemetry } from './process-telemetry.ts';
import { ServiceApplication } from './service-application.ts';
import type { AnyService } from './service.ts';
import { Shutdown } from './shutdown.ts';
import { sweepSooner } from './sweep-sooner.ts';
import { LeftWhileWaiting, whenServersAnswer } from './wait-for-servers.ts';

export interface RunOptions {
  /**
   * Instead of the process's environment. Then signals are left alone, a failed start throws instead of ending the process, and a
   * server that does not answer is such a failure instead of being waited for.
   */
  readonly env?: Variables;
  /** Epoch milliseconds; default the machine's. */
  readonly clock?: () => number;
  /** These are all services there are: every event must have a reader, every command its handler. */
  readonly whole?: boolean;
  /** What stands before the services: stopped when they have answered. */
  readonly front?: Front;
}

export interface Running {
  /** By the service's name. */
  readonly urls: Readonly<Record<string, string>>;
  readonly environment: Environment;
  /** In reverse of the start: not ready, intake closed, deliveries drained, applications and ports closed. */
  stop(): Promise<void>;
}

/**
 * Starts services in this process, each as its own Nest application on shared ports, and stops them on SIGTERM or SIGINT. The start
 * fails as a whole: with every fault of the environment, of the manifests, or of the one service that it names.
 */
export async function run(services: readonly AnyService[], options: RunOptions = {}): Promise<Running> {
  if (options.env !== undefined) return start(services, options);
  sweepSooner();
  const leaving = new AbortController();
  const starting = start(services, options, leaving.signal);
  // From the first moment on: a signal during the start stops what has been started by then.
  stopOnSignals(async () => {
    leaving.abort();
    await (await starting).stop();
  });
  return starting.catch((error: unknown) => (error instanceof LeftWhileWaiting ? process.exit(0) : endOnFault(error)));
}

async function start(services: readonly AnyService[], options: RunOptions, leaving?: AbortSignal): Promise<Running> {
  const environment = readEnvironment(services, options.env);
  refuseFaults(completeness(services, { whole: options.whole ?? false }));
  const shutdown = new Shutdown(log);
  try {
    return await startIn(shutdown, services, { ...options, environment, leaving });
  } catch (error) {
    const isFault = !(error instanceof LeftWhileWaiting);
    if (isFault && options.env === undefined && isLogElsewhere(environment.shared)) logFailedStart(error);
    await shutdown.run().catch(() => undefined); // what failed in it is in its log; the caller needs the first cause
    throw error;
  }
}

async function startIn(
  shutdown: Shutdown,
  services: readonly AnyService[],
  options: RunOptions & { readonly environment: Environment; readonly leaving: AbortSignal | undefined },
): Promise<Running> {
  const { environment, clock = Date.now, leaving } = options;
  const { shared } = environment;
  const name = services.length === 1 ? services[0]?.name : undefined;
  const telemetry = openTelemetry(shared, { name, ownsProcess: options.env === undefined });
  shutdown.add(() => telemetry.close());
  await telemetry.connectSentry(); // before all that may fail
  shutdown.add(await claimFolders(services, environment));
  const connectLogServer = shared.elasticsearchUrl === undefined ? {} : { connectLogServer: () => telemetry.connectLogServer() };
  const wishes = { needs: portNeedsOf(services), shared, log, proven: new Set<PortKey>(), ...connectLogServer };
  const open = (onState?: PortWishes['onState']): Promise<OpenPorts> => openPorts({ ...wishes, ...(onState && { onState }) });
  const { ports, close } = await (leaving === undefined
    ? open()
    : whenServersAnswer(open, { services, environment, front: options.front, leaving }));
  shutdown.add(close);
  const applications = await createAll(services, { environment, ports, clock, log }, shutdown);
  const listening = await listenAll(applications, shutdown);
  const front = await options.front?.(listening, environment);
  if (front !== undefined) shutdown.add(() => front.stop(), 'front');
  for (const application of applications) application.enterService();
  log.info('Ready.', { 'labels.services': listening.map(({ name, url }) => `${name} ${url}`) });
  return { urls: Object.fromEntries(listening.map(({ name, url }) => [name, url])), environment, stop: () => shutdown.run() };
}

async function createAll(services: readonly AnyService[], world: World, shutdown: Shutdown): Promise<ServiceApplication[]> {
  const applications: ServiceApplication[] = [];
  for (const service of services) {
    const application = await named(service.name, () => ServiceApplication.create(service, world));
    shutdown.add(() => application.close(), 'applications');
    shutdown.add(() => application.drain(), 'deliveries');
    applications.push(application);
  }
  return applications;
}

async function listenAll(applications: readonly ServiceApplication[], shutdown: Shutdown): Promise<Fronted[]> {
  const listening: Fronted[] = [];
  for (const application of applications) {
    const { service } = application;
    shutdown.add(() => application.closeIntake(), 'intake');
    const { url, server } = await named(service.name, () => application.start());
    listening.push({ name: service.name, url, prefixes: httpPrefixesOf(service), server });
  }
  return listening;
}

/** A failure of one service among several says whose it is. */
async function named<T>(service: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Error(`The service ${service} could not start: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function refuseFaults(faults: readonly string[]): void {
  if (faults.length === 0) return;
  throw new Error([`The services do not fit together; nothing was started. Correct:`, ...faults].join('\n  '));
}
