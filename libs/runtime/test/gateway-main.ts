import { runGateway } from '../src/run-gateway.ts';
import { tally } from './tally.ts';

await runGateway([tally], { port: 0 });
