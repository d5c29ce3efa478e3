import { fingerprint } from './seen-store.ts';

it('where the source ends and the id begins makes a difference', () => {
  const pairs = [
    ['/q\0b', 'c'],
    ['/q', 'b\0c'],
    ['/q', '\0bc'],
    ['/q1', ':b'],
    ['/q', '1:b'],
  ] as const;
  const all = pairs.map(([source, id]) => fingerprint(source, id).toString('hex'));
  expect(new Set(all).size).toBe(pairs.length);
});
