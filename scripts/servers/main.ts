// `npm run servers -- up|status|down`: real servers for a developer, the same that tests use.
import { holdServer, letServersGo, listServers, type LetGo } from '@roofshot/testing/shared-servers';
import { SERVER_NAMES, type ServerName } from '@roofshot/testing/server-kind';
import { readWish } from './wish.ts';

const HELP = `usage: npm run servers -- up [NAME ...] | status | down

  up      starts them (all, or those named: ${SERVER_NAMES.join(', ')}) and prints the variables that lead to them;
          they stay until down, and tests use them, too. In a shell: eval "$(npm run --silent servers -- up)"
  status  what runs where
  down    ends them, with their data; those that other processes use stay until these have ended

There is one set for all clones of this user, so down ends them for all. Ports and passwords are new after each down: run the eval again.

exit codes: 0 done; 1 a server cannot be had or failed; 2 wrong arguments
`;

/** What the services read. */
const VARIABLES: Readonly<Record<ServerName, string>> = {
  kafka: 'EVENTS_URL',
  rabbitmq: 'COMMANDS_URL',
  postgres: 'SQL_URL',
  redis: 'ONLINE_URL',
  s3: 'OBJECTS_URL',
  elasticsearch: 'ELASTICSEARCH_URL',
};

/** One line for a shell per server, as soon as it works. @returns the exit code */
async function up(names: readonly ServerName[]): Promise<number> {
  let code = 0;
  for (const name of names) {
    process.stderr.write(`${name} …\n`);
    try {
      process.stdout.write(`export ${VARIABLES[name]}='${await holdServer(name)}'\n`);
    } catch (error) {
      process.stderr.write(`${(error as Error).message}\n`);
      code = 1;
    }
  }
  return code;
}

async function status(): Promise<number> {
  const reports = await listServers();
  for (const { name, state, detail } of reports) process.stdout.write(`${name.padEnd(14)} ${state.padEnd(7)} ${detail}\n`);
  if (reports.length === 0) process.stdout.write('none runs; start them with: npm run servers -- up\n');
  return reports.some(({ state }) => state === 'failed') ? 1 : 0;
}

async function down(): Promise<number> {
  const ended = await letServersGo();
  for (const one of ended) process.stdout.write(`${fateOf(one)}\n`);
  if (ended.length === 0) process.stdout.write('none runs; nothing was ended\n');
  return 0;
}

function fateOf({ name, users }: LetGo): string {
  if (users.length === 0) return `${name}: ended, its data deleted`;
  const [who, use, those] = users.length === 1 ? ['process', 'uses', 'it has'] : ['processes', 'use', 'they have'];
  return `${name} stays: ${who} ${users.join(', ')} ${use} it; it ends when ${those}`;
}

async function main(words: readonly string[]): Promise<number> {
  const wish = readWish(words);
  switch (wish.command) {
    case 'up':
      return up(wish.names);
    case 'status':
      return status();
    case 'down':
      return down();
    case 'help':
      process.stdout.write(HELP);
      return 0;
    case 'wrong':
      process.stderr.write(`${wish.reason}\n\n${HELP}`);
      return 2;
  }
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
