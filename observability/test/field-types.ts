import type { estypes } from '@elastic/elasticsearch';
import { logIndexTemplate } from '@roofshot/telemetry/log-index-template';

/** Every field that the log's mapping names, multi-fields among them → its type in Elasticsearch. */
export function mappedFields(): Map<string, string> {
  const { properties = {} } = logIndexTemplate({ dataStreams: true }).template?.mappings ?? {};
  return new Map(leaves('', properties));
}

function leaves(prefix: string, properties: Readonly<Record<string, estypes.MappingProperty>>): [string, string][] {
  return Object.entries(properties).flatMap(([name, property]): [string, string][] => {
    const path = `${prefix}${name}`;
    const inner = 'properties' in property && property.properties !== undefined ? leaves(`${path}.`, property.properties) : [];
    const multi = 'fields' in property && property.fields !== undefined ? leaves(`${path}.`, property.fields) : [];
    return property.type === undefined || property.type === 'object' ? inner : [[path, property.type], ...inner, ...multi];
  });
}

/** The type of a field, of a label nobody named too: these become keywords. Undefined where the mapping leaves the field out. */
export function fieldType(field: string): string | undefined {
  return mappedFields().get(field) ?? (field.startsWith('labels.') ? 'keyword' : undefined);
}
