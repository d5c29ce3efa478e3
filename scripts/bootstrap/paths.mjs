import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this script belongs to, wherever it was called from. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const BIN = join(ROOT, 'node_modules', '.bin');
export const VENV = join(ROOT, '.venv');
/** Logs and the lock of the bootstrap; ignored by git. */
export const WORK = join(ROOT, '.cache', 'bootstrap');
