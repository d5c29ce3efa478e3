import { categoryCells, categoryShares, keepCategories, mergeCategoryProfiles, profileCategories } from './category-profile.ts';

describe('a profile of categories', () => {
  test('merges by addition, whatever categories are called', () => {
    const names = ['a', 'b', '__proto__', 'constructor', null];
    const profile = profileCategories(names);
    const both = mergeCategoryProfiles(profile, profileCategories([{ value: '__proto__', count: 4 }, 'c']));
    expect(Object.entries(both.counts)).toEqual([
      ['a', 1],
      ['b', 1],
      ['__proto__', 5],
      ['constructor', 1],
      ['c', 1],
    ]);
    expect(both.nulls).toBe(1);
    expect(JSON.parse(JSON.stringify(both))).toEqual(both);
  });

  test('is compared over the categories that either side has met', () => {
    const cells = categoryCells(profileCategories(['a', 'a', 'a', 'old']), profileCategories(['a', 'a', 'new', 'new']));
    expect(cells).toEqual({ reference: [1, 0, 3, 0], current: [0, 2, 2, 0] });
  });

  test('compares a category by name only where both sides know its count', () => {
    const reference = keepCategories(profileCategories(['a', 'a', 'b', 'c']), ['a']);
    const current = profileCategories(['a', 'b', 'd', 'd']);
    expect(categoryCells(reference, current)).toEqual({ reference: [2, 2], current: [1, 3] });
    expect(categoryShares(reference, current)).toEqual([
      { name: 'a', before: 0.5, after: 0.25 },
      { name: 'all others', before: 0.5, after: 0.75 },
    ]);
  });

  test('refuses counts that are none', () => {
    expect(() => profileCategories([{ value: 'a', count: -1 }])).toThrow('the count of the category a is -1');
  });
});
