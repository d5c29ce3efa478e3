import { createHash, randomBytes } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openPlace } from './place.ts';
import { rabbitmq } from './rabbitmq.ts';
import type { RunningServer } from './running-server.ts';
import { startServer } from './start-server.ts';

/** Regular expressions of names, as rabbitmqctl set_permissions takes them. */
export interface RabbitRights {
  readonly configure: string;
  readonly write: string;
  readonly read: string;
}

export interface GuardedRabbitMq {
  readonly server: RunningServer;
  /** The URL of one of the users. */
  urlOf(user: string): string;
}

/** A RabbitMQ with users of few rights, beside the one of its own URL, who has all. */
export async function startGuardedRabbitMq(folder: string, users: Readonly<Record<string, RabbitRights>>): Promise<GuardedRabbitMq> {
  const { place } = await openPlace(rabbitmq, folder);
  const all: RabbitRights = { configure: '.*', write: '.*', read: '.*' };
  const everybody = { ...users, [new URL(rabbitmq.url(place)).username]: all };
  const names = Object.keys(everybody);
  const file = join(place.folder, 'definitions.json');
  const definitions = {
    vhosts: [{ name: '/' }],
    users: names.map((name) => ({ name, password_hash: hashed(place.secret), tags: '' })),
    permissions: Object.entries(everybody).map(([user, rights]) => ({ user, vhost: '/', ...rights })),
  };
  await writeFile(file, JSON.stringify(definitions));
  await chmod(file, 0o644);
  const server = await startServer('rabbitmq', { folder, settings: { load_definitions: file } });
  return { server, urlOf: (user) => server.url.replace(/\/\/[^:]*:/, `//${user}:`) };
}

/** As RabbitMQ keeps passwords: https://www.rabbitmq.com/docs/passwords#computing-password-hash */
function hashed(password: string): string {
  const salt = randomBytes(4);
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString('base64');
}
