/** Every expression and pointer of a resource that reads an event type's data, and whether what it reads is there. */
import type { EventTypeSpec } from '@roofshot/contracts/resources/event-type';
import type { MetricSpec } from '@roofshot/contracts/resources/experiment-kinds';
import type { FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { TrainingJobSpec } from '@roofshot/contracts/resources/training-job';
import type { Fault } from '@roofshot/contracts/validate';
import { checkField } from './check-field.ts';
import { variableOfSchema } from './event-variable.ts';
import { compileExpression, ExpressionFault } from './expressions.ts';
import type { StaticType } from './expression-values.ts';
import { wantedType } from './feature-plan.ts';
import { describeType, type VariableType, type Variables } from './field-types.ts';
import { EVENT_VARIABLES } from './event-scope.ts';

/** An expression over the data of events of one type. */
export interface EventRead {
  /** JSON pointer into the spec. */
  readonly path: string;
  readonly text: string;
  readonly eventType: string;
  /** What it may read; the data are the variable `dataName`. */
  readonly variables: Variables;
  readonly dataName: 'data' | 'outcome';
  /** What it may result in. */
  readonly wanted: readonly StaticType[];
}

/** `faults`: what can never be there, or is no expression. `doubts`: what may be there, and the schema does not declare. */
export interface ReadFindings {
  readonly faults: readonly Fault[];
  readonly doubts: readonly Fault[];
}

/** The schema of an event type; undefined where it is not known. */
export type SchemaOf = (eventType: string) => EventTypeSpec['schema'] | undefined;

const KEY = ['string', 'number', 'boolean'] as const;
const MEASURE = ['number', 'boolean'] as const;

/** The reads of a resource, in the order of its spec; none of a kind that reads no event. */
export function eventReadsOf(kind: string, spec: unknown): EventRead[] {
  if (kind === 'FeatureView') return readsOfView(spec as FeatureViewSpec);
  if (kind === 'TrainingJob') return readsOfJob(spec as TrainingJobSpec);
  return kind === 'Metric' ? readsOfMetric(spec as MetricSpec) : [];
}

type Place = readonly [path: string, text: string | undefined, wanted: readonly StaticType[]];

function readsAt(eventType: string, places: readonly Place[], variables: Variables = EVENT_VARIABLES): EventRead[] {
  return places.flatMap(([path, text, wanted]) =>
    text === undefined ? [] : [{ path, text, eventType, variables, dataName: 'data' as const, wanted }],
  );
}

function placesOf(path: string, texts: Readonly<Record<string, string>> = {}): Place[] {
  return Object.entries(texts).map(([name, text]) => [`${path}/${name}`, text, KEY]);
}

function readsOfView({ source, features }: FeatureViewSpec): EventRead[] {
  const values = features.flatMap((feature, i): Place[] => {
    const { value, per, where, by } = feature;
    const wanted = wantedType(feature);
    return [
      [`/features/${i}/value`, value, wanted === 'any' ? KEY : [wanted]],
      [`/features/${i}/per`, per, ['number']],
      [`/features/${i}/where`, where, ['boolean']],
      [`/features/${i}/by`, by, KEY],
    ];
  });
  return readsAt(source.eventType, [...placesOf('/source/keys', source.keys), ['/source/filter', source.filter, ['boolean']], ...values]);
}

function readsOfJob({ observation, label }: TrainingJobSpec): EventRead[] {
  const observed: Place[] = [
    ['/observation/id', observation.id, KEY],
    ...placesOf('/observation/entities', observation.entities),
    ...placesOf('/observation/context', observation.context),
  ];
  const labelled: Place[] = [
    ['/label/id', label.id, KEY],
    ['/label/value', label.value, MEASURE],
  ];
  return [...readsAt(observation.eventType, observed), ...readsAt(label.eventType, labelled)];
}

function readsOfMetric({ source, value }: MetricSpec): EventRead[] {
  const { eventType, unit } = source.outcome;
  const variables = { decision: 'string', score: 'number', outcome: 'any' } as const;
  const outcome: EventRead = { path: '/value', text: value, eventType, variables, dataName: 'outcome', wanted: MEASURE };
  return [...readsAt(eventType, [['/source/outcome/unit', unit, KEY]], { data: 'any', subject: 'string' }), outcome];
}

/** Compiles every read over the schema of its event type. */
export function checkEventReads(reads: readonly EventRead[], schemaOf: SchemaOf): ReadFindings {
  const found = reads.map((read) => checkRead(read, schemaOf(read.eventType)));
  return { faults: found.flatMap(({ faults }) => faults), doubts: found.flatMap(({ doubts }) => doubts) };
}

function checkRead({ path, text, eventType, variables, dataName, wanted }: EventRead, schema: ReturnType<SchemaOf>): ReadFindings {
  const data = schema === undefined ? 'any' : variableOfSchema(schema, `EventType ${eventType}`);
  try {
    const { type, doubts } = compileExpression(text, { ...variables, [dataName]: data });
    const told = doubts.map((message) => ({ path, message }));
    if (type === 'any' || type === 'null' || wanted.includes(type)) return { faults: [], doubts: told };
    return { faults: [{ path, message: `\`${text}\` results in a ${type} and a ${wanted.join(' or a ')} is needed` }], doubts: told };
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error;
    return { faults: [{ path, message: error.message }], doubts: [] };
  }
}

/** An event type's own pointers to personal data, which would hide nothing where they lead nowhere. */
export function checkPersonalData(name: string, { schema, pii = [] }: EventTypeSpec): ReadFindings {
  const faults: Fault[] = [];
  const doubts: Fault[] = [];
  for (const [i, pointer] of pii.entries()) {
    const { fault, doubt } = followPointer(variableOfSchema(schema, `EventType ${name}`), pointer);
    if (fault !== undefined) faults.push({ path: `/pii/${i}`, message: fault });
    if (doubt !== undefined) doubts.push({ path: `/pii/${i}`, message: doubt });
  }
  return { faults, doubts };
}

function followPointer(data: VariableType, pointer: string): { fault?: string; doubt?: string } {
  if (!pointer.startsWith('/')) return { fault: `"${pointer}" is no JSON pointer: it begins with /, like /email` };
  let [at, label, doubt]: [VariableType, string, string | undefined] = [data, 'data', undefined];
  for (const part of pointer.split('/').slice(1)) {
    const { type, inside } = describeType(at);
    if (type !== 'any' && type !== 'list') return { fault: `${label} is a ${type}, and "${pointer}" leads into it` };
    if (inside === undefined) break;
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const found = type === 'list' ? { type: inside.item() } : checkField(inside, label, name);
    if ('fault' in found) return { fault: found.fault };
    if ('doubt' in found) doubt ??= found.doubt;
    [at, label] = [found.type, `${label}.${name}`];
  }
  return doubt === undefined ? {} : { doubt };
}
