/** The image of everything in one process, run as one runs it by hand. */
import { randomBytes } from 'node:crypto';
import { eventually } from '@roofshot/testing/eventually';
import { freePorts } from '@roofshot/testing/free-ports';
import { docker } from './docker.ts';
import { imageOf } from './images.ts';

const READY_MS = 120_000;

export interface OneContainer {
  readonly url: string;
  /** kill -9 and a start of the same container. */
  killAndStart(): Promise<void>;
  /** Answers its exit code. */
  stop(): Promise<number>;
  remove(): Promise<void>;
}

/** On a volume, with all else read-only. Done when it is ready. */
export async function startOneContainer(): Promise<OneContainer> {
  const name = `roofshot-test-${randomBytes(4).toString('hex')}`;
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const ready = (): Promise<unknown> =>
    eventually(async () => (await fetch(`${url}/readyz`)).ok, { deadlineMs: READY_MS, describe: `${name} to be ready` });
  await docker('network', 'create', name);
  const limits = ['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--memory', '3g'];
  const place = ['--name', name, '--network', name, '--publish', `127.0.0.1:${port}:4100`, '--volume', `${name}:/data`];
  await docker('run', '--detach', ...limits, ...place, imageOf('all-in-one'));
  await ready();
  return {
    url,
    killAndStart: async () => {
      await docker('kill', name);
      await docker('start', name);
      await ready();
    },
    stop: async () => {
      await docker('stop', '--time', '30', name);
      return Number(await docker('inspect', '--format', '{{.State.ExitCode}}', name));
    },
    remove: async () => {
      await docker('rm', '--force', '--volumes', name);
      await docker('volume', 'rm', '--force', name);
      await docker('network', 'rm', name);
    },
  };
}
