import { run } from '../src/run.ts';
import { tally } from './tally.ts';

await run([tally]);
