/** Which resources need which: so that an owner need not know the other owners' kinds. */
import { Type, type Static } from 'typebox';
import { defineEvent, defineTopic } from './define.ts';
import { Name } from './ids.ts';

export const ResourceReference = Type.Object({
  kind: Type.String(),
  name: Name,
  /** JSON pointer into the spec of the resource that needs it. */
  path: Type.String(),
});
export type ResourceReference = Static<typeof ResourceReference>;

export const ResourceReferencesChanged = defineEvent(
  'resource-references.changed',
  Type.Object({
    /** Of the resource that refers. */
    kind: Type.String(),
    name: Name,
    generation: Type.Integer({ minimum: 1 }),
    deleted: Type.Boolean(),
    /** All of its references; none when it is deleted. */
    references: Type.Array(ResourceReference),
  }),
);

/**
 * What each resource refers to, said by the owner of its kind in the transaction of the change. Key: `<kind>/<name>`, so each key has
 * one writer and its records are in order. Compacted; read to its end by whoever is asked to delete a resource.
 */
export const resourceReferences = defineTopic('resource-references.v1', {
  events: [ResourceReferencesChanged],
  key: (event) => `${event.data.kind}/${event.data.name}`,
  owner: 'many',
  retentionDays: 'forever',
  compacted: true,
  public: true,
  description: 'What each declared resource refers to, newest per resource.',
});
