/** All services (or `--services a,b`) in one process behind one door. `--json`: one line when ready, for programs. */
import { parseArgs } from 'node:util';
import { startGateway } from '@roofshot/runtime/gateway';
import { run } from '@roofshot/runtime/run';
import { chooseServices } from './choose-services.ts';
import { consolePage, GATEWAY_PORT } from './front.ts';
import { allServices } from './services.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { services: { type: 'string' }, port: { type: 'string' }, json: { type: 'boolean' } } });
  const services = chooseServices(allServices, values.services);
  const began = performance.now();
  endWithParent();
  let url = '';
  const running = await run(services, {
    whole: services.length === allServices.length,
    front: async (listening, { shared }) => {
      const port = Number(values.port ?? GATEWAY_PORT);
      const gateway = await startGateway({ host: shared.host, port, portKey: '--port', services: listening, ...consolePage() });
      url = gateway.url;
      return gateway;
    },
  });
  const seconds = (performance.now() - began) / 1000;
  const { dataDir } = running.environment.shared;
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify({ ready: true, url, services: running.urls, dataDir, seconds })}\n`
      : banner(url, running.urls, { dataDir, seconds }),
  );
}

/** Started by another process with a channel (`roofshot up`): when that is killed, this one ends in order. */
function endWithParent(): void {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
}

function banner(url: string, urls: Readonly<Record<string, string>>, { dataDir, seconds }: { dataDir: string; seconds: number }): string {
  const lines = [['Console and API', url], ...Object.entries(urls), ['Data', dataDir]];
  const width = Math.max(...lines.map(([name = '']) => name.length));
  return [
    `\nRoofshot is ready after ${seconds.toFixed(1)} s. Ctrl-C ends it; the data stay.\n`,
    ...lines.map(([name = '', value = '']) => `  ${`${name}:`.padEnd(width + 2)} ${value}`),
    '',
  ].join('\n');
}

await main().catch((error: unknown) => {
  process.stderr.write(`roofshot: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
