/**
 * What reads an event type's data, against its schema as it will be: from the files, else from the platform. A field that can never
 * be there is a fault; one that an open schema does not declare is a warning.
 */
import type { EventTypeSpec } from '@roofshot/contracts/resources/event-type';
import type { Fault } from '@roofshot/contracts/validate';
import { checkEventReads, checkPersonalData, eventReadsOf, type ReadFindings, type SchemaOf } from '@roofshot/feature-defs/event-reads';
import { checkSchemaWords } from '@roofshot/feature-defs/schema-words';
import type { KnownResources } from './known-resources.ts';
import { faultIn, type FileFault, type LoadedResource } from './load-resources.ts';

/** What was found in files: faults stop an apply, warnings do not. */
export interface Findings {
  readonly faults: readonly FileFault[];
  readonly warnings: readonly FileFault[];
}

const NONE: ReadFindings = { faults: [], doubts: [] };
const READERS = ['FeatureView', 'TrainingJob', 'Metric'];

export async function eventFindings(resources: readonly LoadedResource[], known: KnownResources): Promise<Findings> {
  const kinds = ['EventType', ...READERS];
  const concerned = resources.filter(({ resource }) => kinds.includes(resource.kind));
  if (concerned.length === 0) return { faults: [], warnings: [] };
  const schemaOf = await schemasOf(known);
  const found = concerned.map((loaded) => ({ loaded, ...findingsOf(loaded, schemaOf) }));
  return {
    faults: found.flatMap(({ loaded, faults }) => inFile(loaded, faults)),
    warnings: [...found.flatMap(({ loaded, doubts }) => inFile(loaded, doubts)), ...(await appliedReaders(resources, known, schemaOf))],
  };
}

async function schemasOf(known: KnownResources): Promise<SchemaOf> {
  const eventTypes = await known.specsOf('EventType');
  return (name) => (eventTypes.get(name) as EventTypeSpec | undefined)?.schema;
}

function findingsOf({ resource: { kind, metadata, spec } }: LoadedResource, schemaOf: SchemaOf): ReadFindings {
  if (kind !== 'EventType') return checkEventReads(eventReadsOf(kind, spec), schemaOf);
  const { schema } = spec as EventTypeSpec;
  const { doubts } = checkSchemaWords(schema);
  const personal = checkPersonalData(metadata.name, spec as EventTypeSpec);
  return { ...personal, doubts: [...doubts.map(({ path, message }) => ({ path: `/schema${path}`, message })), ...personal.doubts] };
}

function inFile(loaded: LoadedResource, found: readonly Fault[]): FileFault[] {
  return found.map(({ path, message }) => faultIn(loaded, `/spec${path}`, message));
}

/** Readers that are applied and not in the files: a changed event type may take away what they read. */
async function appliedReaders(resources: readonly LoadedResource[], known: KnownResources, schemaOf: SchemaOf): Promise<FileFault[]> {
  const eventTypes = new Map(
    resources.flatMap((loaded) => (loaded.resource.kind === 'EventType' ? [[loaded.resource.metadata.name, loaded]] : [])),
  );
  if (eventTypes.size === 0) return [];
  const warnings: FileFault[] = [];
  for (const kind of READERS) {
    for (const [name, spec] of await known.appliedOf(kind)) {
      for (const [eventType, loaded] of eventTypes) {
        const reads = eventReadsOf(kind, spec).filter((read) => read.eventType === eventType);
        const { faults, doubts } = reads.length === 0 ? NONE : checkEventReads(reads, schemaOf);
        const told = [...faults, ...doubts].map(
          ({ path, message }) => `${kind}/${name}, which is applied, reads at /spec${path}: ${message}`,
        );
        warnings.push(...told.map((message) => faultIn(loaded, '/spec/schema', message)));
      }
    }
  }
  return warnings;
}
