import { parseWanted } from './arguments.ts';
import { EMBEDDED, jestFilter, KINDS } from './kinds.ts';

describe('what to test', () => {
  it('is everything when nothing is chosen', () => {
    expect(parseWanted([])).toEqual({ selection: undefined, embedded: false });
    expect(parseWanted(['--embedded'])).toEqual({ selection: undefined, embedded: true });
  });

  it('takes several kinds and packages', () => {
    expect(parseWanted(['--kind', 'unit', '--kind', 'int', '--package', 'libs/storage'])).toMatchObject({
      selection: { kinds: ['unit', 'int'], packages: ['libs/storage'], name: undefined },
    });
  });

  it('is every kind when only a package is chosen, but for those with servers where they are left out', () => {
    const chosen = (args: string[]) => parseWanted(['--package', 'contracts', ...args]);
    expect(chosen([])).toMatchObject({ selection: { kinds: ['unit', 'int', 'component', 'server', 'e2e'] } });
    expect(chosen(['--embedded'])).toMatchObject({ selection: { kinds: ['unit', 'int', 'component', 'e2e'] } });
  });

  it('cannot be the tests with servers without servers', () => {
    expect(() => parseWanted(['--kind', 'server', '--embedded'])).toThrow('drop one of both');
  });

  it('names the kinds there are when it is given another', () => {
    expect(() => parseWanted(['--kind', 'slow'])).toThrow(
      '--kind slow: there is no such kind of test; choose unit, int, component, server, e2e, deploy',
    );
  });
});

describe('an argument that does not exist', () => {
  it('is named', () => {
    expect(() => parseWanted(['--knid', 'unit'])).toThrow("Unknown option '--knid'");
  });
});

describe('a kind of tests', () => {
  const files = ['a.test.ts', 'page.test.tsx', 'sql.int.test.ts', 'f.component.test.ts', 'kafka-bus.server.test.ts', 'journey.e2e.test.ts'];
  const named = 'compose.deploy.test.ts';
  const chosen = (pattern: string) => [...files, named].filter((file) => !new RegExp(pattern).test(file));

  it('is told from the others by its suffix', () => {
    expect(chosen(jestFilter(['unit']).at(-1) ?? '')).toEqual(['a.test.ts', 'page.test.tsx']);
    expect(jestFilter(['e2e'])).toEqual(['--testMatch', '**/*.e2e.test.{ts,tsx}']);
  });

  it('is not among all of them when it wants to be named', () => {
    expect(chosen(jestFilter(KINDS).at(-1) ?? '')).toEqual(files);
    expect(chosen(jestFilter(['unit', 'deploy']).at(-1) ?? '')).toEqual(['a.test.ts', 'page.test.tsx', named]);
  });

  it('is left out alone when the others need no servers', () => {
    expect(chosen(jestFilter(EMBEDDED).at(-1) ?? '')).toEqual(files.filter((file) => !file.includes('.server.')));
  });
});
