/** What became of some tests. */
export interface Tally {
  passed: number;
  failed: number;
  /** Names of the tests that did not run because the code says so. */
  skipped: readonly string[];
}

/** The parts of jest's `--json` output that count. */
interface JestResults {
  numPassedTests: number;
  numFailedTests: number;
  /** Test files that could not be run at all: a syntax error, a failed import. Their tests are in no other count. */
  numRuntimeErrorTestSuites: number;
  testResults: { assertionResults: { status: string; fullName: string }[] }[];
}

const NOT_RUN = ['pending', 'skipped', 'todo', 'disabled'];

export function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
    skipped: tallies.flatMap(({ skipped }) => skipped),
  };
}

/** For a run that ended badly: also where no single test is to blame, something failed. */
export function atLeastOneFailure(tally: Tally): Tally {
  return { ...tally, failed: Math.max(tally.failed, 1) };
}

/** A file that could not be run counts as one failure. */
export function tallyJest(json: string): Tally {
  const results = JSON.parse(json) as JestResults;
  const tests = results.testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
    skipped: tests.filter(({ status }) => NOT_RUN.includes(status)).map(({ fullName }) => fullName),
  };
}

/** The counts of a JUnit file as pytest writes it; an error while collecting counts as one failure. */
export function tallyJunit(xml: string): Tally {
  const suite = /<testsuite\s[^>]*>/.exec(xml)?.[0];
  if (suite === undefined) throw new Error('the results of pytest have no <testsuite>: was it stopped in the middle?');
  const failed = count(suite, 'failures') + count(suite, 'errors');
  const skipped = [...xml.matchAll(/<testcase\s[^>]*?\bname="([^"]*)"[^>]*>\s*<skipped/g)].map(([, name]) => name ?? '');
  return { passed: count(suite, 'tests') - failed - skipped.length, failed, skipped };
}

function count(element: string, attribute: string): number {
  const value = new RegExp(String.raw`\s${attribute}="(\d+)"`).exec(element)?.[1];
  if (value === undefined) throw new Error(`the results of pytest do not say how many ${attribute}: ${element}`);
  return Number(value);
}
