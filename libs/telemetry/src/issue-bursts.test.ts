import { IssueBursts } from './issue-bursts.ts';

it('ten of one fingerprint pass in a minute, and the next one after it tells how many did not', () => {
  const bursts = new IssueBursts();
  const first = Array.from({ length: 25 }, (_, index) => bursts.pass('a', 1_000 + index));
  expect(first.filter((passed) => passed === 0)).toHaveLength(10);
  expect(first.slice(10)).toEqual(Array.from({ length: 15 }, () => undefined));
  expect(bursts.pass('a', 60_999)).toBeUndefined();
  expect(bursts.pass('a', 61_000)).toBe(16);
  expect(bursts.pass('a', 61_001)).toBe(0);
});

it('one fingerprint takes nothing from another', () => {
  const bursts = new IssueBursts();
  for (let index = 0; index < 100; index++) bursts.pass('a', 0);
  expect(bursts.pass('b', 0)).toBe(0);
});

it('memory has a bound: of very many fingerprints the oldest is forgotten', () => {
  const bursts = new IssueBursts();
  for (let index = 0; index < 11; index++) bursts.pass('old', 0);
  for (let index = 0; index < 1_000; index++) bursts.pass(`other ${index}`, 1);
  expect(bursts.pass('old', 2)).toBe(0);
});
