import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { VersionAnswer } from '@roofshot/contracts/http/registry';
import { gateWarnings } from './gate-metrics.ts';
import type { LoadedResource } from './load-resources.ts';

/** The registry's door, as far as it is asked here. */
async function registryWith(versions: readonly Pick<VersionAnswer, 'metrics'>[]): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    const isKnown = request.url === '/v1/models/flight-delay/versions';
    response.writeHead(isKnown ? 200 : 404).end(JSON.stringify({ items: versions }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const model = (spec: unknown): LoadedResource => ({
  file: 'training.yaml',
  lineOf: () => 7,
  resource: { apiVersion: 'roofshot/v1', kind: 'Model', metadata: { name: 'flight-delay' }, spec },
});
const gates = [
  { metric: 'auc', min: 0.4 },
  { metric: 'aucc', min: 0.4 },
];

async function warningsWith(versions: readonly Pick<VersionAnswer, 'metrics'>[], spec: unknown): Promise<unknown[]> {
  const { server, url } = await registryWith(versions);
  const warnings = await gateWarnings(url, [model(spec)]);
  server.close();
  return warnings;
}

test('a gate on a metric that no version has reported is warned of, with the near name', async () => {
  expect(await warningsWith([{ metrics: { auc: 0.7 } }, { metrics: { auc: 0.6, log_loss: 0.4 } }], { gates })).toEqual([
    {
      file: 'training.yaml',
      line: 7,
      path: '/spec/gates/1/metric',
      message: 'Model/flight-delay: no version has reported the metric "aucc", and a version without it is refused. Did you mean auc?',
    },
  ]);
});

test('before the first version, and without gates, nothing is warned of', async () => {
  expect(await warningsWith([], { gates })).toEqual([]);
  expect(await warningsWith([{ metrics: { auc: 0.7 } }], {})).toEqual([]);
});
