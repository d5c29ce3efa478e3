import { Type, type Static } from 'typebox';
import { Closed, defineResource } from '../define.ts';
import { Duration, Expression, Name } from '../ids.ts';
import { Identifier } from './feature-kinds.ts';

/** The moment at which a prediction is made: one row per event of this type, always. */
export const ObservationSpec = Closed({
  eventType: Name,
  /** CEL for the row's id; the label joins by it. Default: `subject`. */
  id: Type.Optional(Expression),
  /** Name in the feature service's `entities` → CEL; absent where it asks for none. */
  entities: Type.Optional(Type.Record(Identifier, Expression)),
  /** Name in the feature service's `context` → CEL; absent where it asks for none. */
  context: Type.Optional(Type.Record(Identifier, Expression)),
});
export type ObservationSpec = Static<typeof ObservationSpec>;

/** What became known later. */
export const LabelSpec = Closed({
  eventType: Name,
  /** CEL for the observation's id on the label's event. Default: `subject`. */
  id: Type.Optional(Expression),
  name: Identifier,
  /** CEL: a number or a condition. */
  value: Expression,
});
export type LabelSpec = Static<typeof LabelSpec>;

const Scalar = Type.Union([Type.Number(), Type.String(), Type.Boolean()]);

export const SearchSpec = Closed({
  trials: Type.Integer({ minimum: 1, maximum: 1000 }),
  /** A metric that the trainer logs. */
  metric: Type.String(),
  direction: Type.Union([Type.Literal('minimize'), Type.Literal('maximize')]),
  /** Parameter → list of choices, or a range. */
  space: Type.Record(
    Type.String(),
    Type.Union([
      Type.Array(Scalar, { minItems: 1 }),
      Closed({
        min: Type.Number(),
        max: Type.Number(),
        scale: Type.Optional(Type.Union([Type.Literal('linear'), Type.Literal('log')])),
        integer: Type.Optional(Type.Boolean()),
      }),
    ]),
  ),
  /** Tried first, in order; they count as trials. */
  start: Type.Optional(Type.Array(Type.Record(Type.String(), Scalar))),
});
export type SearchSpec = Static<typeof SearchSpec>;

export const TrainingJobSpec = Closed({
  /** Python file with `def train(run)`, relative to the YAML file; `apply` puts its text into `code`. */
  entryPoint: Type.String({ pattern: '\\.py$' }),
  code: Type.Optional(Type.String({ maxLength: 262_144 })),
  featureService: Name,
  /** Full feature names that the model reads; absent: all of the feature service. */
  features: Type.Optional(Type.Array(Type.String(), { minItems: 1 })),
  observation: ObservationSpec,
  label: LabelSpec,
  registers: Name,
  params: Type.Optional(Type.Record(Type.String(), Scalar)),
  search: Type.Optional(SearchSpec),
  /** The last stretch of the observations is held out to compare trials; the winner is trained on all rows. */
  validation: Type.Optional(Closed({ last: Duration })),
  seed: Type.Optional(Type.Integer({ minimum: 0 })),
  /** At most so many trials at a time, each with so many threads. */
  resources: Type.Optional(
    Closed({
      parallelTrials: Type.Optional(Type.Integer({ minimum: 1, maximum: 16 })),
      threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
    }),
  ),
  /** Restarts of a trial whose process was lost; a trainer that throws is not tried again. */
  maxRestarts: Type.Optional(Type.Integer({ minimum: 0, maximum: 10 })),
  timeout: Type.Optional(Duration),
});
export type TrainingJobSpec = Static<typeof TrainingJobSpec>;

export const TrainingJob = defineResource('TrainingJob', {
  plural: 'training-jobs',
  owner: 'training',
  spec: TrainingJobSpec,
  order: 60,
  references: {
    '/featureService': 'FeatureService',
    '/observation/eventType': 'EventType',
    '/label/eventType': 'EventType',
    '/registers': 'Model',
  },
  description: 'What to train: entry point, features, observation, label, search.',
});
