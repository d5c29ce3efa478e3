import { createPatch } from 'rfc6902';
import type { PatchOperation } from '@roofshot/contracts/http/quarantine';
import { applyPatch, patchFaults } from './json-patch.ts';

const op = (name: string, path: string, more: Partial<PatchOperation> = {}): PatchOperation => ({ op: name, path, ...more });
const add = (path: string, value: unknown): PatchOperation => op('add', path, { value });
const replace = (path: string, value: unknown): PatchOperation => op('replace', path, { value });
const test_ = (path: string, value: unknown): PatchOperation => op('test', path, { value });
const move = (from: string, path: string): PatchOperation => op('move', path, { from });
const copy = (from: string, path: string): PatchOperation => op('copy', path, { from });
const remove = (path: string): PatchOperation => op('remove', path);

/** `__proto__` is a member like others in JSON text. */
const json = (text: string): unknown => JSON.parse(text) as unknown;

describe('the examples of RFC 6902, appendix A', () => {
  const swap = { '/': 9, '~1': 10 };
  it.each<[string, unknown, PatchOperation[], unknown]>([
    ['A.1 adding an object member', { foo: 'bar' }, [add('/baz', 'qux')], { baz: 'qux', foo: 'bar' }],
    ['A.2 adding an array element', { foo: ['bar', 'baz'] }, [add('/foo/1', 'qux')], { foo: ['bar', 'qux', 'baz'] }],
    ['A.3 removing an object member', { baz: 'qux', foo: 'bar' }, [remove('/baz')], { foo: 'bar' }],
    ['A.4 removing an array element', { foo: ['bar', 'qux', 'baz'] }, [remove('/foo/1')], { foo: ['bar', 'baz'] }],
    ['A.5 replacing a value', { baz: 'qux', foo: 'bar' }, [replace('/baz', 'boo')], { baz: 'boo', foo: 'bar' }],
    [
      'A.6 moving a value',
      { foo: { bar: 'baz', waldo: 'fred' }, qux: { corge: 'grault' } },
      [move('/foo/waldo', '/qux/thud')],
      { foo: { bar: 'baz' }, qux: { corge: 'grault', thud: 'fred' } },
    ],
    [
      'A.7 moving an array element',
      { foo: ['all', 'grass', 'cows', 'eat'] },
      [move('/foo/1', '/foo/3')],
      { foo: ['all', 'cows', 'eat', 'grass'] },
    ],
    [
      'A.8 testing a value',
      { baz: 'qux', foo: ['a', 2, 'c'] },
      [test_('/baz', 'qux'), test_('/foo/1', 2)],
      { baz: 'qux', foo: ['a', 2, 'c'] },
    ],
    ['A.10 adding a nested member object', { foo: 'bar' }, [add('/child', { grandchild: {} })], { foo: 'bar', child: { grandchild: {} } }],
    [
      'A.11 ignoring unrecognized elements',
      { foo: 'bar' },
      [{ ...add('/baz', 'qux'), xyz: 123 } as PatchOperation],
      { foo: 'bar', baz: 'qux' },
    ],
    ['A.14 the order of ~ escapes', swap, [test_('/~01', 10)], swap],
    ['A.16 adding an array value', { foo: ['bar'] }, [add('/foo/-', ['abc', 'def'])], { foo: ['bar', ['abc', 'def']] }],
  ])('%s', (_what, document, patch, expected) => {
    expect(applyPatch(document, patch)).toEqual({ value: expected });
  });

  it.each<[string, unknown, PatchOperation[]]>([
    ['A.9 a test that fails', { baz: 'qux' }, [test_('/baz', 'bar')]],
    ['A.12 adding to a target that does not exist', { foo: 'bar' }, [add('/baz/bat', 'qux')]],
    ['A.15 a text is no number', swap, [test_('/~01', '10')]],
  ])('%s', (_what, document, patch) => {
    expect(applyPatch(document, patch)).toEqual({ fault: expect.stringMatching(/^Operation 0 \(/) });
  });
});

describe('a patch', () => {
  it('leads from any value to any other, as another implementation tells the way', () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const names = ['a', 'b/c', 'd~e', '', 'constructor', '0'];
    const make = (levels: number): unknown => {
      const kind = random(levels === 0 ? 3 : 5);
      if (kind === 0) return random(4);
      if (kind === 1) return ['x', 'y', ''][random(3)];
      if (kind === 2) return [null, true][random(2)];
      const values = Array.from({ length: random(4) }, () => make(levels - 1));
      return kind === 3 ? values : Object.fromEntries(values.map((value) => [names[random(names.length)], value]));
    };
    for (let round = 0; round < 2_000; round += 1) {
      const [from, to] = [{ root: make(3) }, { root: make(3) }];
      expect(applyPatch(from, createPatch(from, to) as PatchOperation[])).toEqual({ value: to });
    }
  });

  it('changes nothing of what it was given, and nothing at all where one operation fails', () => {
    const document = { a: { b: [1, 2] }, c: 3 };
    const before = structuredClone(document);
    expect(applyPatch(document, [add('/a/b/-', 4), replace('/c', 5), remove('/d')])).toEqual({
      fault: 'Operation 2 (remove at "/d"): there is nothing at /d.',
    });
    expect(applyPatch(document, [add('/a/b/-', 4)])).toEqual({ value: { a: { b: [1, 2, 4] }, c: 3 } });
    expect(document).toEqual(before);
  });

  it('replaces the whole, also of what could not be read; nothing else finds anything there', () => {
    expect(applyPatch(undefined, [replace('', { a: 1 }), add('/b', 2)])).toEqual({ value: { a: 1, b: 2 } });
    for (const patch of [[test_('', null)], [copy('', '/a')], [remove('')], [add('/a', 1)]])
      expect(applyPatch(undefined, patch)).toHaveProperty('fault');
  });

  it.each<[string, unknown, PatchOperation]>([
    ['an index with a zero before it', [1, 2], replace('/01', 3)],
    ['an index behind the end', [1, 2], add('/3', 3)],
    ['an index that is none', [1, 2], replace('/1e0', 3)],
    ['the place behind the end, which holds nothing', [1, 2], replace('/-', 3)],
    ['the length of an array', [1, 2], remove('/length')],
    ['a character of a text', { a: 'text' }, replace('/a/0', 'T')],
    ['what every object inherits', { a: {} }, test_('/a/toString', 1)],
    ['a place within what is moved', { a: { b: 1 } }, move('/a', '/a/b/c')],
    ['the whole, to be removed', { a: 1 }, remove('')],
  ])('finds nothing at %s', (_what, document, operation) => {
    expect(applyPatch(document, [operation])).toEqual({ fault: expect.any(String) });
  });

  it('reaches no prototype: what is not an own member is not there, and what is added is one', () => {
    for (const path of ['/__proto__/x', '/constructor/prototype/x', '/a/__proto__/x', '/list/__proto__/x'])
      expect(applyPatch({ a: {}, list: [] }, [add(path, 'polluted')])).toHaveProperty('fault');
    const added = applyPatch({}, [add('/__proto__', { x: 'own' })]) as { value: object };
    expect(JSON.stringify(added.value)).toBe('{"__proto__":{"x":"own"}}');
    expect(Object.getPrototypeOf(added.value)).toBe(Object.prototype);
    expect(applyPatch(json('{"__proto__":{"x":1},"y":2}'), [remove('/__proto__')])).toEqual({ value: { y: 2 } });
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('compares numbers by their value and objects whatever the order of their members', () => {
    const document = json('{"n":-0,"o":{"a":1,"b":[{}]},"p":{"__proto__":1}}');
    expect(applyPatch(document, [test_('/n', 0), test_('/o', { b: [{}], a: 1.0 })])).toEqual({ value: document });
    for (const operation of [test_('/o', { a: 1 }), test_('/o/b', { 0: {} }), test_('/p', {}), test_('/n', null)])
      expect(applyPatch(document, [operation])).toHaveProperty('fault');
  });

  it('that copies copies ends before it fills the memory', () => {
    const doubling = Array.from({ length: 100 }, (_, index) => copy('/a', `/a/${index}`));
    expect(applyPatch({ a: { text: 'x'.repeat(100) } }, doubling)).toEqual({
      fault: expect.stringContaining('longer than 16777216 characters'),
    });
  });
});

describe('what is no patch', () => {
  it('is told with every fault', () => {
    const patch = [op('merge', '/a'), add('a', 1), op('add', '/a~2'), op('move', '/a'), op('copy', '/a', { from: 'b' }), test_('/a', null)];
    expect(patchFaults(patch).map(({ path }) => path)).toEqual(['/0/op', '/1/path', '/2/path', '/2/value', '/3/from', '/4/from']);
  });
});
