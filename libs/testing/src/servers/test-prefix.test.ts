import { testPrefix } from './test-prefix.ts';

test('names of test files differ, and are fit for topics, queues, buckets, indices and keys alike', () => {
  const prefixes = Array.from({ length: 1_000 }, testPrefix);
  expect(new Set(prefixes).size).toBe(1_000);
  expect(prefixes.filter((prefix) => !/^[a-z][a-z0-9-]{15}-$/.test(prefix))).toEqual([]);
});
