import { Fault } from './fault.mjs';

const TAIL_LINES = 15;
/** What npm and pip say, and what a person can do about it; the first that matches counts. */
const REMEDIES = /** @type {const} */ ([
  [/ENOSPC|No space left/i, 'make room on the disk and try again'],
  [/EACCES|EPERM|Permission denied/i, 'give the folder named above to your user (chown -R), and try again'],
  [/can only install packages when|EUSAGE/, 'package.json and package-lock.json disagree: run npm install and commit both'],
  [
    /EINTEGRITY|DO NOT MATCH THE HASHES/i,
    'a downloaded file differs from the lock: empty the cache (npm cache clean --force, pip cache purge)',
  ],
  // Before the next one, which pip says as well when it sees no index at all.
  [
    /ENOTFOUND|ENOTCACHED|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|Failed to establish|Temporary failure|Connection (error|broken)|timed out/i,
    'the package registry cannot be reached: check the network (and proxy), and try again; only the first set-up needs it',
  ],
  [
    /No matching distribution|Could not find a version/i,
    'this Python or platform has no binary of that package: use Python 3.10 to 3.14 on x64 or arm64',
  ],
]);

/**
 * Turns a failed installation into a fault with the end of what the tool said and the likely remedy.
 * @param {number} exitCode
 * @param {string} command
 * @param {string} output
 * @param {string} log
 */
export function explainFailure(exitCode, command, output, log) {
  const tail = output.trimEnd().split('\n').slice(-TAIL_LINES).join('\n    ');
  const known = REMEDIES.find(([pattern]) => pattern.test(output));
  const remedy = known?.[1] ?? 'read the log, mend what it names, and try again';
  return new Fault(exitCode, `${command} failed:\n    ${tail}\n  (the whole log: ${log})`, remedy);
}
