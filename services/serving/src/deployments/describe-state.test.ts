import type { DeploymentState } from '@roofshot/contracts/http/serving';
import { isReached } from './describe-state.ts';

const state: DeploymentState = {
  name: 'd',
  ready: true,
  variants: [
    { variant: 'champion', alias: 'champion', version: 2 },
    { variant: 'challenger', alias: 'challenger', version: null },
  ],
  shadows: [{ alias: 'shadow', version: 1 }],
  allocation: { experiment: 'e', configVersion: 3, state: 'running' },
  spool: { unpublished: 0 },
};

test.each([
  ['nothing is asked for', {}, true],
  ['the alias answers with the version', { alias: 'champion', version: 2 }, true],
  ['the alias answers with another version', { alias: 'champion', version: 1 }, false],
  ['the alias answers with any version', { alias: 'champion' }, true],
  ['the alias has no version', { alias: 'challenger' }, false],
  ['a shadow is asked with the version', { alias: 'shadow', version: 1 }, true],
  ['the deployment does not name the alias', { alias: 'other' }, false],
  ['the allocation is at least as new', { experiment: 'e', configVersion: 2 }, true],
  ['the allocation is older', { experiment: 'e', configVersion: 4 }, false],
  ['the allocation is of another experiment', { experiment: 'f' }, false],
  ['the experiment runs', { experiment: 'e', state: 'running' }, true],
  ['the experiment has not stopped', { experiment: 'e', state: 'stopped' }, false],
  ['only one of two conditions holds', { alias: 'champion', version: 2, state: 'stopped' }, false],
])('when %s', (_when, awaited, reached) => {
  expect(isReached(state, awaited)).toBe(reached);
});

test('without an allocation no experiment is reached', () => {
  expect(isReached({ ...state, allocation: null }, { experiment: 'e' })).toBe(false);
});
