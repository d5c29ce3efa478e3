/** `/v1/erasures`: requests and answers. */
import { Type, type Static } from 'typebox';
import { Closed, Described } from '../define.ts';
import { Name, Reason, SubjectId } from '../ids.ts';
import { TextOrNull } from './common.ts';

export const NewErasure = Closed({
  subject: Described(SubjectId, 'The subject of events, the unit of experiments, the value of an entity key.'),
  types: Type.Optional(
    Described(
      Type.Array(Name, { minItems: 1, maxItems: 1_000, uniqueItems: true }),
      'Only events of these types, and the features that are made of them. Absent: everything.',
    ),
  ),
  reason: Type.Optional(Described(Reason, 'Kept in the audit: name nobody here. Absent: none is told.')),
  requestId: Type.Optional(
    Described(Type.String({ minLength: 1, maxLength: 200 }), 'Sent again under one id, a request is one erasure. Absent: each is one.'),
  ),
});
export type NewErasure = Static<typeof NewErasure>;

const Kept = Type.Object({ store: Type.String(), reason: Type.String() });

export const ErasureAnswer = Type.Object({
  id: Type.String(),
  state: Type.Union([Type.Literal('running'), Type.Literal('finished')]),
  /** What became known until then is erased. */
  erasedAt: Type.String(),
  types: Type.Union([Type.Array(Type.String()), Type.Null()]),
  requestedBy: Type.String(),
  finishedAt: TextOrNull,
  services: Type.Array(
    Type.Object({
      service: Type.String(),
      state: Type.Union([Type.Literal('waiting'), Type.Literal('done')]),
      /** Records or rows, by store. */
      erased: Type.Record(Type.String(), Type.Integer()),
      kept: Type.Array(Kept),
      doneAt: TextOrNull,
    }),
  ),
  /** What no service of the platform can erase. */
  kept: Type.Array(Kept),
});
export type ErasureAnswer = Static<typeof ErasureAnswer>;
