import { atLeastOneFailure, sum, tallyJest, tallyJunit } from './tally.ts';

const jest = (overrides: object) =>
  JSON.stringify({ numPassedTests: 0, numFailedTests: 0, numRuntimeErrorTestSuites: 0, testResults: [], ...overrides });

describe('counting the results of jest', () => {
  it('counts a file that could not be run as a failure, although none of its tests failed', () => {
    expect(tallyJest(jest({ numPassedTests: 3, numRuntimeErrorTestSuites: 1 }))).toEqual({ passed: 3, failed: 1, skipped: [] });
  });

  it('names every test that did not run', () => {
    const assertionResults = ['passed', 'pending', 'todo'].map((status) => ({ status, fullName: `is ${status}` }));
    expect(tallyJest(jest({ numPassedTests: 1, testResults: [{ assertionResults }] })).skipped).toEqual(['is pending', 'is todo']);
  });
});

describe('counting the results of pytest', () => {
  it('counts what neither failed nor was skipped as passed', () => {
    const xml = `<?xml version="1.0"?><testsuites><testsuite name="pytest" errors="1" failures="2" skipped="1" tests="10" time="1.0">
      <testcase classname="a" name="runs" time="0.1" /><testcase classname="a" name="needs a GPU" time="0.0"><skipped type="x" /></testcase>
      </testsuite></testsuites>`;
    expect(tallyJunit(xml)).toEqual({ passed: 6, failed: 3, skipped: ['needs a GPU'] });
  });

  it('refuses results that were cut off', () => {
    expect(() => tallyJunit('<?xml version="1.0"?>')).toThrow('stopped in the middle');
  });
});

describe('the whole run', () => {
  it('adds up the parts', () => {
    const parts = [
      { passed: 2, failed: 0, skipped: ['a'] },
      { passed: 3, failed: 1, skipped: ['b'] },
    ];
    expect(sum(parts)).toEqual({ passed: 5, failed: 1, skipped: ['a', 'b'] });
  });

  it('has a failure when a part ended badly without a failed test', () => {
    expect(atLeastOneFailure({ passed: 5, failed: 0, skipped: [] }).failed).toBe(1);
    expect(atLeastOneFailure({ passed: 5, failed: 2, skipped: [] }).failed).toBe(2);
  });
});
