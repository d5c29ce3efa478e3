import { Closed, defineResource, Described, type ResourceDefinition } from '@roofshot/contracts/define';
import { allKinds } from '@roofshot/contracts/resources';
import { validatorOf } from '@roofshot/contracts/validate';
import { Type } from 'typebox';
import { parse } from 'yaml';
import { staleFiles } from '../generated-files.ts';
import { exampleOf } from './examples.ts';
import { fieldsOf } from './kind-fields.ts';
import { generatedReference, kindsPage } from './kinds-page.ts';

const kinds: readonly ResourceDefinition[] = allKinds;

/** A kind of which the example is the one of Entity's. */
const kindOf = (spec: ResourceDefinition['spec']): ResourceDefinition =>
  defineResource('Entity', { plural: 'entities', owner: 'features', spec, order: 1, description: 'A thing.' });

describe('docs/reference/kinds.md', () => {
  it('is what the contracts say now: run `npm run generate` after a change of them', () => {
    expect(staleFiles(generatedReference())).toEqual([]);
  });

  it('is found to be stale when a contract has changed', () => {
    const { files, ...place } = generatedReference();
    const text = kindsPage([...kinds.slice(1), kindOf(Closed({ added: Described(Type.String(), 'Later.') }))]);
    expect(staleFiles({ ...place, files: new Map([...files].map(([path]) => [path, text])) })).toEqual(['reference/kinds.md']);
  });

  it.each(kinds)('shows an example of $name that its schema takes', ({ name, spec }) => {
    expect(validatorOf(spec).faults((parse(exampleOf(name)) as { spec: unknown }).spec)).toEqual([]);
  });

  it.each(kinds)('says of each optional field of $name what its absence means', ({ spec }) => {
    const open = fieldsOf(spec).filter(({ isRequired, schema }) => !isRequired && schema.default === undefined);
    const unsaid = open.filter(({ schema }) => !/Absent|Leave it out/.test(schema.description ?? ''));
    expect(unsaid.map(({ path }) => path)).toEqual([]);
  });

  it('has defaults that their own schema takes', () => {
    const fields = kinds.flatMap(({ spec }) => fieldsOf(spec)).filter(({ schema }) => schema.default !== undefined);
    expect(fields.length).toBeGreaterThan(10);
    for (const { path, schema } of fields)
      expect({ path, faults: validatorOf(schema).faults(schema.default) }).toEqual({ path, faults: [] });
  });

  it('tells what functions of expressions take', () => {
    const text = kindsPage([kindOf(Closed({}))]);
    for (const form of ['clip(x, low, high)', 'hour(time, zone?)', 'max(x, …)', 'text.startsWith(part)', 'value.size()'])
      expect(text).toContain(`\`${form}\``);
  });

  it('names the field that is not described', () => {
    expect(() => kindsPage([kindOf(Closed({ list: Described(Type.Array(Closed({ bare: Type.String() })), 'Things.') }))])).toThrow(
      /list\[\]\.bare/,
    );
  });

  it('tells type, bounds, default and whether a field is needed', () => {
    const text = kindsPage([
      kindOf(
        Closed({
          size: Type.Optional(Described(Type.Integer({ minimum: 1, maximum: 2000 }), 'How much.', 7)),
          parts: Described(
            Type.Array(Closed({ way: Described(Type.Union([Type.Literal('in'), Type.Literal('out')]), 'Which.') }), { maxItems: 3 }),
            'Of what.',
          ),
        }),
      ),
    ]);
    expect(text).toContain('| `size` | integer from 1 to 2,000 | `7` | How much. |');
    expect(text).toContain('| `parts` | list of at most 3 objects | **required** | Of what. |');
    expect(text).toContain('| `parts[].way` | `in` or `out` | **required** | Which. |');
  });

  it('tells which form of an object has a field, and what all have once', () => {
    const named = Described(Type.String(), 'Its name.');
    const form = (word: string, more: object) => Closed({ name: named, type: Described(Type.Literal(word), `A ${word}.`), ...more });
    const forms = Type.Union([form('circle', { r: Described(Type.Number(), 'Radius.') }), form('dot', {})]);
    const text = kindsPage([kindOf(Closed({ shapes: Described(Type.Array(forms), 'Shapes.') }))]);
    expect(text).toContain('| `shapes[].r` | number | **required** | For `circle`: radius. |');
    expect(text.split('| `shapes[].name` |')).toHaveLength(2);
  });
});
