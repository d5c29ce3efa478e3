import { fileURLToPath } from 'node:url';
import { Milliseconds } from '@roofshot/runtime/durations';
import { Type } from 'typebox';

/** Where the bootstrap puts the environment that trainers run in. */
const PYTHON = fileURLToPath(new URL('../../../.venv/bin/python', import.meta.url));

export const TrainingConfig = Type.Object({
  /** The Python interpreter with the trainers' libraries. */
  PYTHON: Type.String({ minLength: 1, default: PYTHON }),
  /** Trials run on so many processor cores at a time; 0: all of this machine. */
  CORES: Type.Integer({ minimum: 0, default: 0 }),
  /** For jobs that set no timeout: from the start of the first trial to the end of the run. */
  TIMEOUT: Milliseconds({ default: 3_600_000 }),
  /** A trial belongs to its process so long after the last renewal; then another process runs it again. */
  LEASE: Milliseconds({ minimum: 1_000, default: 15_000 }),
  /** A trainer that says nothing for so long (it beats each second) is ended and run again. */
  SILENCE: Milliseconds({ minimum: 2_000, default: 60_000 }),
  /** The loaded Python process is kept so long for the next trial. */
  IDLE: Milliseconds({ default: 30_000 }),
});
