// A process of its own that owns an embedded PostgreSQL: `node --import register.mjs owner.ts FOLDER`. Says one line of JSON; ends with its stdin.
import { once } from 'node:events';
import { embeddedPostgres } from '../src/embedded/embedded-postgres.ts';

function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

try {
  const server = await embeddedPostgres(process.argv[2] ?? '');
  say({ url: server.url, pid: server.pid });
  process.stdin.resume();
  await once(process.stdin, 'end');
  await server.stop();
} catch (error) {
  say({ error: error instanceof Error ? error.message : String(error) });
}
