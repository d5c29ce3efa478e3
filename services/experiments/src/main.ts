import { run } from '@roofshot/runtime/run';
import { experiments } from './service.ts';

await run([experiments]);
