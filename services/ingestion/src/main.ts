import { run } from '@roofshot/runtime/run';
import { ingestion } from './service.ts';

await run([ingestion]);
