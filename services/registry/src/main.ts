import { run } from '@roofshot/runtime/run';
import { registry } from './service.ts';

await run([registry]);
