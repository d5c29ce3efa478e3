import { startGateway } from '../src/gateway.ts';
import { run } from '../src/run.ts';
import { tally } from './tally.ts';

await run([tally], {
  front: (services, { shared: { host } }) => startGateway({ host, port: Number(process.env['FRONT']), portKey: 'FRONT', services }),
});
