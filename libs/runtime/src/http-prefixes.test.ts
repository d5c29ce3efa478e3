import { tally } from '../test/tally.ts';
import { httpPrefixesOf, ownsPath } from './http-prefixes.ts';

test("a service answers its kinds' paths, its set's, and those that it declares", () => {
  expect(httpPrefixesOf(tally)).toEqual(['/v1/counters', '/v1/apply/tally', '/v1/tallies']);
});

test.each([
  ['/v1/models', '/v1/models', true],
  ['/v1/models', '/v1/models/x/y', true],
  ['/v1/models', '/v1/models-x', false],
  ['/v1/models', '/v1/model', false],
  ['/v1/features*', '/v1/features:read', true],
  ['/', '/anything', true],
])('%s owns %s: %s', (prefix, path, owns) => {
  expect(ownsPath(prefix, path)).toBe(owns);
});
