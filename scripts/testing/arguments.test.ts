import { parseSelection } from './arguments.ts';
import { jestFilter, needServers } from './kinds.ts';

describe('what to test', () => {
  it('is everything when nothing is chosen', () => {
    expect(parseSelection([])).toBeUndefined();
  });

  it('takes several kinds and packages', () => {
    expect(parseSelection(['--kind', 'unit', '--kind', 'int', '--package', 'libs/storage'])).toEqual({
      kinds: ['unit', 'int'],
      packages: ['libs/storage'],
      name: undefined,
    });
  });

  it('is every kind when only a package is chosen', () => {
    expect(parseSelection(['--package', 'contracts'])).toMatchObject({ kinds: ['unit', 'int', 'component', 'e2e'] });
  });

  it('names the kinds there are when it is given another', () => {
    expect(() => parseSelection(['--kind', 'slow'])).toThrow(
      '--kind slow: there is no such kind of test; choose unit, int, component, e2e',
    );
  });
});

describe('an argument that does not exist', () => {
  it('is named', () => {
    expect(() => parseSelection(['--knid', 'unit'])).toThrow("Unknown option '--knid'");
  });
});

describe('a kind of tests', () => {
  it('needs no server when it is the unit tests', () => {
    expect(needServers(['unit'])).toBe(false);
    expect(needServers(['unit', 'component'])).toBe(true);
  });

  it('is told from the others by its suffix', () => {
    const pattern = new RegExp(jestFilter(['unit']).at(-1) ?? '');
    const files = ['windows.test.ts', 'page.test.tsx', 'sql.int.test.ts', 'features.component.test.ts', 'journey.e2e.test.ts'];
    expect(files.filter((file) => !pattern.test(file))).toEqual(['windows.test.ts', 'page.test.tsx']);
    expect(jestFilter(['e2e'])).toEqual(['--testMatch', '**/*.e2e.test.{ts,tsx}']);
  });
});
