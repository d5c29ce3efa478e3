import { bucketCount, bucketOf, hashText, prepareSeed, type HashVersion } from './hashing.ts';

const numberOf = (unit: string, seed: string, version: HashVersion): number =>
  bucketOf(unit, prepareSeed(seed, version)) / bucketCount(version);

describe('FNV-1a', () => {
  test('gives the published values of its authors', () => {
    expect([hashText(''), hashText('a'), hashText('b'), hashText('foobar')]).toEqual([0x811c9dc5, 0xe40c292c, 0xe70c2de5, 0xbf9cf968]);
  });

  test('goes on where it stopped', () => {
    expect(hashText('bar', hashText('foo'))).toBe(hashText('foobar'));
  });
});

describe('buckets', () => {
  test.each([
    ['a', 0.22],
    ['b', 0.077],
    ['ab', 0.946],
    ['def', 0.652],
    ['8952klfjas09ujkasdf', 0.549],
    ['123', 0.011],
    ['___)((*":&', 0.563],
  ])('version 1 puts %s at %d, as GrowthBook’s published cases say', (unit, expected) => {
    expect(numberOf(unit, '', 1)).toBe(expected);
  });

  test('version 2 puts a with seed "seed" at 0.0505, as GrowthBook’s published case says', () => {
    expect(numberOf('a', 'seed', 2)).toBe(0.0505);
  });

  test('version 2 hashes the digits of the inner hash as they would be written', () => {
    const written = (unit: string): number => hashText(String(hashText(unit, hashText('s')))) % 10_000;
    const units = Array.from({ length: 20_000 }, (_, i) => `u${i}`);
    const shortest = Math.min(...units.map((unit) => hashText(unit, hashText('s'))));
    expect(String(shortest).length).toBeLessThan(8);
    expect(units.filter((unit) => bucketOf(unit, prepareSeed('s', 2)) !== written(unit))).toEqual([]);
  });

  test('another seed is another shuffle', () => {
    const units = Array.from({ length: 10_000 }, (_, i) => `unit-${i}`);
    const both = units.filter((unit) => numberOf(unit, 'one', 2) < 0.5 && numberOf(unit, 'two', 2) < 0.5);
    // Independent halves share a quarter; three standard errors are 130.
    expect(Math.abs(both.length - 2500)).toBeLessThan(130);
  });
});
