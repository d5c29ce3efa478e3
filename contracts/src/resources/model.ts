import { Type, type Static } from 'typebox';
import { Closed, defineResource } from '../define.ts';
import { Identifier } from './feature-kinds.ts';

export const ModelSpec = Closed({
  /** Refused at admission unless the metric is within. */
  gates: Type.Optional(
    Type.Array(
      Closed({
        metric: Type.String(),
        min: Type.Optional(Type.Number()),
        max: Type.Optional(Type.Number()),
      }),
    ),
  ),
  /** The first approved version gets this alias; every later move is a decision. */
  firstVersionAlias: Type.Optional(Identifier),
  /** Limits of the child process that opens the model file for the first time. */
  admission: Type.Optional(
    Closed({
      maxBytes: Type.Optional(Type.Integer({ minimum: 1 })),
      maxMemoryMb: Type.Optional(Type.Integer({ minimum: 64 })),
      maxSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 600 })),
    }),
  ),
});
export type ModelSpec = Static<typeof ModelSpec>;

export const Model = defineResource('Model', {
  plural: 'models',
  owner: 'registry',
  spec: ModelSpec,
  order: 50,
  description: 'A name in the registry with its gates and admission limits.',
});
