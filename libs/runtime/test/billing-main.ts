import { run } from '../src/run.ts';
import { billing } from './billing.ts';

await run([billing]);
