// `npm run servers -- up|status|down`: real servers for a developer, the same that tests use.
import { holdServer, letServersGo, listServers } from '@roofshot/testing/shared-servers';
import { SERVER_NAMES, type ServerName } from '@roofshot/testing/server-kind';

const HELP = `usage: npm run servers -- up [NAME ...] | status | down

  up      starts them (all, or those named: ${SERVER_NAMES.join(', ')}) and prints the variables that lead to them;
          they stay until down, and tests use them, too. In a shell: eval "$(npm run --silent servers -- up)"
  status  what runs where
  down    ends them, with their data; those that tests are using stay until the tests have ended

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

async function main([command, ...rest]: readonly string[]): Promise<number> {
  const names = rest.map((word) => SERVER_NAMES.find((name) => name === word));
  if (command === 'up' && !names.includes(undefined))
    return up(rest.length === 0 ? SERVER_NAMES : names.filter((name) => name !== undefined));
  if (command === 'status' && rest.length === 0) return status();
  if (command === 'down' && rest.length === 0) return letServersGo().then(() => 0);
  process.stderr.write(HELP);
  return command === '--help' ? 0 : 2;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
