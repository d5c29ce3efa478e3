import { run } from '@roofshot/runtime/run';
import { features } from './service.ts';

await run([features]);
