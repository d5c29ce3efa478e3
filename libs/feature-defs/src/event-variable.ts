import type { DescribedType, VariableType } from './field-types.ts';
import { SchemaFields, stateToTell } from './schema-fields.ts';
import type { Schema, SchemaNode } from './schema-nodes.ts';

/**
 * The type of an event's data by the JSON Schema of its type, for expressions that read it. A schema that declares nothing says
 * nothing: `any`. `source` is how sentences call it: `EventType flight.landed`.
 */
export function variableOfSchema(schema: Schema, source: string): VariableType {
  return typeOf(schema, new SchemaFields(schema), source);
}

function typeOf(node: SchemaNode, fields: SchemaFields, source: string): VariableType {
  const types = fields.types(node);
  const [only] = types.length === 1 ? types : [];
  if (only === 'number' || only === 'string' || only === 'boolean') return only;
  if (!types.includes('object') && !types.includes('array')) return 'any';
  return describe(node, fields, { source, only: only === 'array' ? 'list' : only });
}

function describe(
  node: SchemaNode,
  fields: SchemaFields,
  { source, only }: { source: string; only: DescribedType['only'] },
): DescribedType {
  return {
    only,
    source,
    names: fields.names(node),
    field: (name) => {
      const found = fields.field(node, name);
      return { state: stateToTell(found.state), type: typeOf(found.node, fields, source) };
    },
    item: () => typeOf(fields.item(node), fields, source),
  };
}
