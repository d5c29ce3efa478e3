import { Type } from 'typebox';
import { Closed } from '@roofshot/contracts/define';
import { differencesOf } from './json-differences.ts';

const Spec = Closed({
  model: Type.String(),
  decision: Type.Optional(Type.Record(Type.String(), Type.String())),
  variants: Type.Array(Type.Union([Closed({ name: Type.String() }), Closed({ rules: Type.Record(Type.String(), Type.String()) })])),
});

describe('differences of two JSON values', () => {
  test('equal values have none, whatever the order of named properties', () => {
    expect(differencesOf({ model: 'm', variants: [] }, { variants: [], model: 'm' }, Spec)).toEqual([]);
  });

  test('name the place and both sides, and null for what is not there', () => {
    const from = { model: 'm', variants: [{ name: 'a' }] };
    const to = { model: 'n', variants: [{ name: 'a' }, { name: 'b' }], decision: { warn: 'p > 0.2' } };
    expect(differencesOf(from, to, Spec)).toEqual([
      { path: '/model', from: 'm', to: 'n' },
      { path: '/variants/1', from: null, to: { name: 'b' } },
      { path: '/decision', from: null, to: { warn: 'p > 0.2' } },
    ]);
  });

  test('escape pointers as RFC 6901 says', () => {
    expect(differencesOf({ 'a/b~c': 1 }, { 'a/b~c': 2 })).toEqual([{ path: '/a~1b~0c', from: 1, to: 2 }]);
  });

  test('the order of a record counts, because the first that holds wins', () => {
    const from = { model: 'm', variants: [], decision: { warn: 'p > 0.2', stop: 'p > 0.5' } };
    const to = { model: 'm', variants: [], decision: { stop: 'p > 0.5', warn: 'p > 0.2' } };
    expect(differencesOf(from, to, Spec)).toEqual([{ path: '/decision', from: from.decision, to: to.decision }]);
  });

  test('the order of a record counts inside unions too', () => {
    const from = { model: 'm', variants: [{ rules: { a: '1', b: '2' } }] };
    const to = { model: 'm', variants: [{ rules: { b: '2', a: '1' } }] };
    expect(differencesOf(from, to, Spec).map(({ path }) => path)).toEqual(['/variants/0/rules']);
  });
});
