import { Type, type Static } from 'typebox';
import { Closed, defineResource, Described } from '../define.ts';
import { Duration, Expression, Name } from '../ids.ts';
import { Identifier } from './feature-kinds.ts';

export const TRAINING_DEFAULTS = { id: 'subject', scale: 'linear', seed: 0, parallelTrials: 16, threads: 1, maxRestarts: 2 } as const;

export const ObservationSpec = Closed({
  eventType: Described(Name, 'Each event of this type is a row, as of the time when it happened.'),
  id: Type.Optional(Described(Expression, "The row's id, over `data`, `subject` and `time`; the label joins by it.", TRAINING_DEFAULTS.id)),
  entities: Type.Optional(
    Described(
      Type.Record(Identifier, Expression),
      "What a request would give as each name of the feature service's `entities`. Absent: none, where it asks for none.",
    ),
  ),
  context: Type.Optional(
    Described(
      Type.Record(Identifier, Expression),
      "What a request would give as each name of the feature service's `context`. Absent: nothing, where it asks for nothing.",
    ),
  ),
});
export type ObservationSpec = Static<typeof ObservationSpec>;

export const LabelSpec = Closed({
  eventType: Described(Name, 'The later event that brings the label.'),
  id: Type.Optional(
    Described(Expression, "The observation's id, over `data`, `subject` and `time` of the label's event.", TRAINING_DEFAULTS.id),
  ),
  name: Described(Identifier, "The label's column."),
  value: Described(Expression, 'A number or a condition over `data`, `subject` and `time`.'),
});
export type LabelSpec = Static<typeof LabelSpec>;

/** What a parameter can be. */
export const Scalar = Type.Union([Type.Number(), Type.String(), Type.Boolean()]);

const RangeSpec = Closed({
  min: Described(Type.Number(), 'The least value.'),
  max: Described(Type.Number(), 'The greatest value.'),
  scale: Type.Optional(
    Described(
      Type.Union([Type.Literal('linear'), Type.Literal('log')]),
      'Whether values are drawn uniformly, or their logarithms are.',
      TRAINING_DEFAULTS.scale,
    ),
  ),
  integer: Type.Optional(Described(Type.Boolean(), 'Whether only whole numbers are drawn, both ends among them.', false)),
});

export const SearchSpec = Closed({
  trials: Described(Type.Integer({ minimum: 1, maximum: 1000 }), 'Configurations that are tried, fewer where the space holds no more.'),
  metric: Described(Type.String(), 'A metric that the trainer logs.'),
  direction: Described(Type.Union([Type.Literal('minimize'), Type.Literal('maximize')]), 'Which end of the metric is the good one.'),
  space: Described(
    Type.Record(Type.String(), Type.Union([Type.Array(Scalar, { minItems: 1 }), RangeSpec])),
    'For each parameter a list of choices, or a range. Lists alone are tried in all combinations where `trials` allows; else configurations are drawn by `seed`, each once.',
  ),
  start: Type.Optional(
    Described(
      Type.Array(Type.Record(Type.String(), Scalar)),
      'Configurations that are tried first, in order; they count as trials. Absent: none.',
    ),
  ),
});
export type SearchSpec = Static<typeof SearchSpec>;

const ResourcesSpec = Closed({
  parallelTrials: Type.Optional(
    Described(Type.Integer({ minimum: 1, maximum: 16 }), 'Trials at a time, as far as there are cores.', TRAINING_DEFAULTS.parallelTrials),
  ),
  threads: Type.Optional(
    Described(Type.Integer({ minimum: 1, maximum: 64 }), 'Threads of each trial, told to it as `n_jobs`.', TRAINING_DEFAULTS.threads),
  ),
});

export const TrainingJobSpec = Closed({
  entryPoint: Described(Type.String({ pattern: '\\.py$' }), 'Python file with `def train(run)`, relative to the YAML file that names it.'),
  code: Type.Optional(
    Described(
      Type.String({ maxLength: 262_144 }),
      'The text of that file. Leave it out: `roofshot apply` puts it there; whoever applies by HTTP sends it along.',
    ),
  ),
  featureService: Described(Name, 'The features of each row.'),
  features: Type.Optional(
    Described(
      Type.Array(Type.String(), { minItems: 1 }),
      'Full names of the features that the model reads. Absent: all of the feature service.',
    ),
  ),
  observation: Described(ObservationSpec, 'The moments at which a prediction would be made: a row each.'),
  label: Described(LabelSpec, 'What became known later.'),
  registers: Described(Name, 'The model of which a finished run registers a version.'),
  params: Type.Optional(
    Described(Type.Record(Type.String(), Scalar), 'Parameters of every trial, as the trainer reads them. Absent: none.'),
  ),
  search: Type.Optional(
    Described(SearchSpec, 'The search for the best parameters; it needs `validation`. Absent: one trial with `params`.'),
  ),
  validation: Type.Optional(
    Described(
      Closed({ last: Described(Duration, 'Length of the stretch that is held out.') }),
      'The last stretch of the observations is held out to measure and compare trials; the best is then trained on all rows. Absent: nothing is held out.',
    ),
  ),
  seed: Type.Optional(
    Described(
      Type.Integer({ minimum: 0 }),
      'Of the search and of the trainer: the same seed gives the same model.',
      TRAINING_DEFAULTS.seed,
    ),
  ),
  resources: Type.Optional(Described(ResourcesSpec, 'How much a run takes at once. Absent: the defaults below.')),
  maxRestarts: Type.Optional(
    Described(
      Type.Integer({ minimum: 0, maximum: 10 }),
      'Restarts of a trial whose process was lost; a trainer that throws is not run again.',
      TRAINING_DEFAULTS.maxRestarts,
    ),
  ),
  timeout: Type.Optional(
    Described(Duration, 'Longest time from the start of the first trial to the end of the run. Absent: `TRAINING_TIMEOUT` of the service.'),
  ),
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
