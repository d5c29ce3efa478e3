import { run } from '../src/run.ts';
import { porter } from './porter.ts';

await run([porter]);
