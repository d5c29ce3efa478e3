import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransactions } from '@roofshot/messaging/transactions';
import { explainFault } from '@roofshot/storage/folder-faults';
import { claimFolder } from '@roofshot/storage/owner-lock';
import type { Logger } from '@roofshot/telemetry/logger';
import type { Environment } from './env.ts';
import type { AnyService, PortName, Ports, Surroundings } from './service.ts';

/** What all services of a process share. */
export interface World {
  readonly environment: Environment;
  readonly ports: Ports;
  readonly clock: () => number;
  readonly log: Logger;
}

/** A platform whose types are erased: the manifest's own types have proven them. */
export type AnyPlatform = Surroundings<unknown> & Partial<Ports>;

/** What one service is given: its surroundings and the ports that it asked for, and no others. */
export function platformFor(service: AnyService, { environment, ports, clock, log }: World): AnyPlatform {
  const { name, needs } = service;
  const reach = <P extends PortName>(port: P): Ports[P] => (needs.includes(port) ? ports[port] : refusingPort(name, port));
  return {
    name,
    config: environment.services.get(name)?.config,
    log: log.child({ 'service.name': name }),
    clock,
    folder: folderOf(environment, name),
    transactions: createTransactions(reach('sql'), reach('events'), reach('commands'), { service: name, clock }),
    ...Object.fromEntries(needs.map((port) => [port, ports[port]])),
  };
}

const folderOf = ({ shared }: Environment, service: string): string => join(shared.dataDir, 'services', service);

/** Stands where a port was not asked for, so that its use is told by name and not as «undefined is not a function». */
function refusingPort<P extends PortName>(service: string, port: P): Ports[P] {
  const refuse = (): never => {
    throw new Error(`${service} uses ${port} but does not need it. Add '${port}' to the needs in its manifest.`);
  };
  return new Proxy({}, { get: refuse }) as Ports[P];
}

/** Makes the services' own folders and keeps other processes out of them. Answers how to give them free again. */
export async function claimFolders(services: readonly AnyService[], environment: Environment): Promise<() => Promise<void>> {
  const releases: (() => Promise<void>)[] = [];
  const release = async (): Promise<void> => {
    for (const one of releases.splice(0)) await one();
  };
  try {
    for (const { name } of services) releases.push(await claimOne(folderOf(environment, name)));
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

async function claimOne(folder: string): Promise<() => Promise<void>> {
  try {
    await mkdir(folder, { recursive: true });
    return await claimFolder(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const explained = explainFault(error, folder);
    if (explained !== error) throw new Error(`${(explained as Error).message} DATA_DIR names the folder that holds it.`, { cause: error });
    throw new Error(`The folder ${folder} cannot be written (${code}). Mend that, or set DATA_DIR to another folder.`, { cause: error });
  }
}
