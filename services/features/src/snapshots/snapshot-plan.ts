import type { DataOf } from '@roofshot/contracts/define';
import type { BuildTrainingSnapshot } from '@roofshot/contracts/features';
import { TRAINING_DEFAULTS } from '@roofshot/contracts/resources/training-job';
import type { Fault } from '@roofshot/contracts/validate';
import type { Definitions } from '@roofshot/feature-defs/definitions';
import { compileExpression, ExpressionFault, type Expression } from '@roofshot/feature-defs/expressions';
import { suggestNames } from '@roofshot/feature-defs/nearest';
import type { ServicePlan } from '@roofshot/feature-defs/service-plan';
import { EVENT_VARIABLES } from '@roofshot/feature-defs/event-scope';
import { SnapshotFault } from './snapshot-fault.ts';

export type SnapshotRequest = DataOf<typeof BuildTrainingSnapshot>;

export const OBSERVATION_ID = 'observation_id';
export const EVENT_TIME = 'event_time';

/** A snapshot's request, compiled. Times are epoch milliseconds. */
export interface SnapshotPlan {
  readonly service: ServicePlan;
  readonly observation: {
    readonly eventType: string;
    readonly id: Expression;
    readonly entities: readonly (readonly [string, Expression])[];
    readonly context: readonly (readonly [string, Expression])[];
  };
  readonly label: { readonly eventType: string; readonly id: Expression; readonly name: string; readonly value: Expression };
  readonly from: number;
  readonly to: number;
  readonly asOf: number;
}

/** Compiles a request. Throws a SnapshotFault with everything that is wrong with it. */
export function planSnapshot(request: SnapshotRequest, definitions: Definitions): SnapshotPlan {
  const service = definitions.service(request.featureService);
  const faults: Fault[] = [];
  const compile = (path: string, text: string): Expression => compileInto(faults, path, text);
  const { observation, label } = request;
  const { entities = {}, context = {} } = observation;
  checkNames('/observation/entities', service.entities, entities, faults);
  checkNames('/observation/context', Object.keys(service.context), context, faults);
  checkColumns(service, label.name, faults);
  const plan: SnapshotPlan = {
    service,
    observation: {
      eventType: observation.eventType,
      id: compile('/observation/id', observation.id ?? TRAINING_DEFAULTS.id),
      entities: Object.entries(entities).map(([name, text]) => [name, compile(`/observation/entities/${name}`, text)] as const),
      context: Object.entries(context).map(([name, text]) => [name, compile(`/observation/context/${name}`, text)] as const),
    },
    label: {
      eventType: label.eventType,
      id: compile('/label/id', label.id ?? TRAINING_DEFAULTS.id),
      name: label.name,
      value: compile('/label/value', label.value),
    },
    ...rangeOf(request, faults),
  };
  if (faults.length > 0) throw new SnapshotFault(faults.map(({ path, message }) => `${path} ${message}`).join('; '));
  return plan;
}

function rangeOf(request: SnapshotRequest, faults: Fault[]): Pick<SnapshotPlan, 'from' | 'to' | 'asOf'> {
  const [from, to, asOf] = [Date.parse(request.from), Date.parse(request.to), Date.parse(request.asOf)];
  if (!(from < to)) faults.push({ path: '/from', message: `${request.from} is not before ${request.to}: the range is empty` });
  return { from, to, asOf };
}

function compileInto(faults: Fault[], path: string, text: string): Expression {
  try {
    return compileExpression(text, EVENT_VARIABLES);
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error;
    faults.push({ path, message: error.message });
    return compileExpression('null', {});
  }
}

function checkNames(path: string, wanted: readonly string[], given: Readonly<Record<string, string>>, faults: Fault[]): void {
  for (const name of wanted)
    if (!Object.hasOwn(given, name)) faults.push({ path, message: `"${name}" is missing; the feature service needs it` });
  for (const name of Object.keys(given)) {
    if (!wanted.includes(name)) faults.push({ path, message: `the feature service does not know "${name}"${suggestNames(name, wanted)}` });
  }
}

function checkColumns(service: ServicePlan, label: string, faults: Fault[]): void {
  const taken = new Set(service.columns.map(({ name }) => name));
  for (const name of [OBSERVATION_ID, EVENT_TIME]) {
    if (taken.has(name) || name === label)
      faults.push({ path: '', message: `"${name}" is a column of every snapshot: give the feature or label another name` });
  }
  if (taken.has(label))
    faults.push({ path: '/label/name', message: `"${label}" is a feature of the service too: a label among the features would leak` });
}
