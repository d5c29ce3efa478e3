import { Type, type Static } from 'typebox';
import { Closed, defineResource } from '../define.ts';
import { Duration, Expression, Name, Probability } from '../ids.ts';
import { Identifier } from './feature-kinds.ts';

export const DeploymentSpec = Closed({
  model: Name,
  featureService: Name,
  /** What can answer: each follows an alias of the model. The first is the default variant. */
  variants: Type.Array(Closed({ name: Name, alias: Identifier }), {
    minItems: 1,
    maxItems: 16,
  }),
  /** Aliases that are asked after the answer has left, and never answer. */
  shadows: Type.Optional(Type.Array(Identifier, { maxItems: 8 })),
  /** What answers when the assigned variant cannot: the default variant, then this constant. */
  fallback: Type.Optional(Closed({ score: Probability })),
  /** Decision → CEL over `p` (the score), `features`, `context`; the first that holds. */
  decision: Type.Optional(Type.Record(Identifier, Expression)),
  /** Stored values older than this are OUTSIDE_MAX_AGE and count as degraded; they are still given to the model. */
  maxFeatureAge: Type.Optional(Duration),
  limits: Type.Optional(
    Closed({
      maxBatch: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    }),
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
