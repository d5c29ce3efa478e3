import { placeSchema } from './place-schema.ts';

describe('a schema within a document', () => {
  it('refers to its own parts by their place in the document, and to others as before', () => {
    const schema = {
      properties: { a: { $ref: '#/$defs/a' }, self: { $ref: '#' }, far: { $ref: 'https://example.org/a' } },
      $defs: { a: {} },
    };
    expect(placeSchema(schema, '#/here')).toEqual({
      properties: { a: { $ref: '#/here/$defs/a' }, self: { $ref: '#/here' }, far: { $ref: 'https://example.org/a' } },
      $defs: { a: {} },
    });
  });

  it('keeps data that look like references', () => {
    const schema = { const: { $ref: '#/a' }, properties: { b: { enum: [{ $ref: '#' }] } } };
    expect(placeSchema(schema, '#/here')).toEqual(schema);
  });

  it('takes a property for a property, whatever it is called', () => {
    const schema = { properties: { const: { $ref: '#/$defs/a' }, $ref: { type: 'string' } } };
    expect(placeSchema(schema, '#/here')).toEqual({ properties: { const: { $ref: '#/here/$defs/a' }, $ref: { type: 'string' } } });
  });

  it('stays as it is where it has a name of its own', () => {
    const schema = { $id: 'https://example.org/order', $ref: '#/$defs/a', $defs: { a: {} } };
    expect(placeSchema(schema, '#/here')).toBe(schema);
  });
});
