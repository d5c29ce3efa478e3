import { unkeepableFaults } from './unkeepable.ts';

test('texts and keys with U+0000 or half of a surrogate pair are told with their place, all of them', () => {
  const value = { good: ['é💥\n', 1, null, true], bad: ['a\0b', { deep: '\ud800' }], 'ke\0y': 1, 'a/b~c': '\udc00x' };
  expect(unkeepableFaults(value).map(({ path }) => path)).toEqual(['/bad/0', '/bad/1/deep', '/ke\0y', '/a~1b~0c']);
  expect(unkeepableFaults('\0')).toHaveLength(1);
});

test('numbers that JSON text can say and a double cannot hold are told', () => {
  expect(unkeepableFaults(JSON.parse('{"max": 1e999, "min": [-1e999], "one": 1e308}'))).toEqual([
    { path: '/max', message: 'is no finite number' },
    { path: '/min/0', message: 'is no finite number' },
  ]);
});

test('what is nested without end is told once, and does not end the process', () => {
  const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
  expect(unkeepableFaults(deep).map(({ message }) => message)).toEqual(['is nested more than 200 levels deep']);
  expect(unkeepableFaults(JSON.parse('['.repeat(150) + ']'.repeat(150)))).toEqual([]);
});
