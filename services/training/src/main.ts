import { run } from '@roofshot/runtime/run';
import { training } from './service.ts';

await run([training]);
