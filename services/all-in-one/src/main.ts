/** All services (or `--services a,b`) in one process behind one door. `--json`: one line when ready, for programs. */
import { parseArgs } from 'node:util';
import { startGateway } from '@roofshot/runtime/gateway';
import { run } from '@roofshot/runtime/run';
import { bannerOf } from './banner.ts';
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
  const { shared } = running.environment;
  process.stdout.write(
    values.json === true
      ? `${JSON.stringify({ ready: true, url, services: running.urls, dataDir: shared.dataDir, seconds })}\n`
      : bannerOf({ url, services: running.urls, shared, seconds }),
  );
}

/** Started by another process with a channel (`roofshot up`): when that is killed, this one ends in order. */
function endWithParent(): void {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
}

await main().catch((error: unknown) => {
  process.stderr.write(`roofshot: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
