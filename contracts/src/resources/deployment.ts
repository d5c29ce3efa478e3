import { Type, type Static } from 'typebox';
import { Closed, defineResource, Described } from '../define.ts';
import { Duration, Expression, Name, Probability } from '../ids.ts';
import { Identifier } from './feature-kinds.ts';

export const DEPLOYMENT_DEFAULTS = { maxBatch: 1_000 } as const;

const VariantSpec = Closed({
  name: Described(Name, 'Experiments and answers call it so; each once.'),
  alias: Described(Identifier, 'The alias of the model whose version answers; it follows when the alias moves.'),
});

export const DeploymentSpec = Closed({
  model: Described(Name, 'The model whose versions answer.'),
  featureService: Described(Name, 'The features that its versions are given, and what a request must bring.'),
  variants: Described(Type.Array(VariantSpec, { minItems: 1, maxItems: 16 }), 'What can answer. The first is the default variant.'),
  shadows: Type.Optional(
    Described(
      Type.Array(Identifier, { maxItems: 8 }),
      'Aliases that are asked the same after the answer has left, and never answer. Absent: none.',
    ),
  ),
  fallback: Type.Optional(
    Described(
      Closed({ score: Described(Probability, 'The score of such an answer.') }),
      'What answers when neither the assigned nor the default variant can. Absent: then the request fails.',
    ),
  ),
  decision: Type.Optional(
    Described(
      Type.Record(Identifier, Expression),
      'A condition for each decision, over `p` (the score), `features` and `context`: the first that holds is the decision, else `none`. Absent: it is always `none`.',
    ),
  ),
  maxFeatureAge: Type.Optional(
    Described(
      Duration,
      'Stored values that are older are given to the model all the same, but the answer calls them OUTSIDE_MAX_AGE and is degraded. Absent: no age is too great.',
    ),
  ),
  limits: Type.Optional(
    Described(
      Closed({
        maxBatch: Type.Optional(
          Described(Type.Integer({ minimum: 1, maximum: 10_000 }), 'Questions in one request.', DEPLOYMENT_DEFAULTS.maxBatch),
        ),
      }),
      'What one request may ask for. Absent: the default below.',
    ),
  ),
});
export type DeploymentSpec = Static<typeof DeploymentSpec>;

export const Deployment = defineResource('Deployment', {
  plural: 'deployments',
  owner: 'serving',
  spec: DeploymentSpec,
  order: 70,
  references: { '/model': 'Model', '/featureService': 'FeatureService' },
  description: 'What answers under one endpoint: variants, shadows, fallback and decision.',
});
