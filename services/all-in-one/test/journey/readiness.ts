/** What the parts say of themselves while they start, wait and run. */
import { GATEWAY, type SixProcesses } from './six-processes.ts';

interface ServiceStatus {
  readonly name: string;
  readonly ready: boolean;
  readonly waitsFor: readonly string[];
}

/** Done when it answers at all. */
export async function awaitAnswer(platform: SixProcesses, part: string): Promise<void> {
  await platform
    .program(part)
    .until('alive', async () => (await fetch(`${platform.urlOf(part)}/${part === GATEWAY ? 'status' : 'healthz'}`)).ok);
}

/** Of one part, asked at its own door. */
export async function readinessOf(platform: SixProcesses, part: string): Promise<{ status: number; waitsFor: readonly string[] }> {
  const answer = await fetch(`${platform.urlOf(part)}/readyz`);
  const { waitsFor = [] } = (await answer.json()) as { waitsFor?: readonly string[] };
  return { status: answer.status, waitsFor };
}

async function statusOf(platform: SixProcesses): Promise<readonly ServiceStatus[]> {
  const answer = await fetch(`${platform.url}/status`);
  return ((await answer.json()) as { services: readonly ServiceStatus[] }).services;
}

/** The services that the gateway finds ready. */
export async function servicesReadyBehind(platform: SixProcesses): Promise<string[]> {
  return (await statusOf(platform)).filter(({ ready }) => ready).map(({ name }) => name);
}

/** What each service waits for, as the gateway tells it; nothing where it is ready. */
export async function waitsOf(platform: SixProcesses): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await statusOf(platform)).map(({ name, waitsFor }) => [name, waitsFor.join('; ')]));
}
