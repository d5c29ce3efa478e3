/** A process of its own, which a test kills: `node --import register.mjs experiments-process.ts`. Its environment says where. */
import { run } from '@roofshot/runtime/run';
import { experiments } from '../src/service.ts';

await run([experiments]);
process.stdout.write('ready\n');
