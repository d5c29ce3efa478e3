import { run } from '@roofshot/runtime/run';
import { serving } from './service.ts';

await run([serving]);
