/** Requests and answers of the registry. */
import { Type, type Static } from 'typebox';
import { ModelVersion, Name, Reason } from '../ids.ts';

export const VersionAnswer = Type.Object({
  model: Name,
  version: ModelVersion,
  state: Type.Union([Type.Literal('registered'), Type.Literal('approved'), Type.Literal('refused')]),
  runId: Type.String(),
  artifact: Type.String(),
  signature: Type.Unknown(),
  params: Type.Record(Type.String(), Type.Unknown()),
  metrics: Type.Record(Type.String(), Type.Number()),
  lineage: Type.Unknown(),
  checks: Type.Array(
    Type.Object({
      name: Type.String(),
      passed: Type.Boolean(),
      detail: Type.String(),
    }),
  ),
  aliases: Type.Array(Type.String()),
  registeredAt: Type.String(),
});
export type VersionAnswer = Static<typeof VersionAnswer>;

/** `PUT /v1/models/{model}/aliases/{alias}`. */
export const SetAliasRequest = Type.Object({
  version: ModelVersion,
  expected: Type.Optional(Type.Union([ModelVersion, Type.Null()])),
  reason: Reason,
});
/** `GET /v1/models/{model}/history`: newest first, append-only. */
export const AliasHistory = Type.Object({
  moves: Type.Array(
    Type.Object({
      alias: Name,
      aliasRevision: Type.Integer(),
      version: Type.Union([ModelVersion, Type.Null()]),
      previous: Type.Union([ModelVersion, Type.Null()]),
      kind: Type.Union([Type.Literal('promoted'), Type.Literal('rolled-back'), Type.Literal('removed')]),
      reason: Type.String(),
      requestedBy: Type.String(),
      at: Type.String(),
    }),
  ),
});
export type AliasHistory = Static<typeof AliasHistory>;
