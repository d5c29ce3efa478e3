/** Shapes that several services ask for and answer. */
import { Type, type Static } from 'typebox';
import { Described } from '../define.ts';
import { Name } from '../ids.ts';

export const TextOrNull = Type.Union([Type.String(), Type.Null()]);
/** A text that a list is filtered by: as it was sent, except that no database keeps U+0000. */
export const Sought = Type.String({ minLength: 1, maxLength: 2_000, pattern: '^[^\\u0000]*$' });
/** Items of one page of a list. */
export const PageLimit = Type.Integer({ minimum: 1, maximum: 500, default: 50 });

/** RFC 9457 problem details, plus what a program needs to act. */
export const Problem = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  /** What happened, why, and what to do. */
  detail: Type.String(),
  /** A stable word for machines. */
  code: Type.String(),
  faults: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  correlationId: Type.Optional(Type.String()),
});
export type Problem = Static<typeof Problem>;

/** Answer to `PUT /v1/<plural>/{name}`. */
export const Applied = Type.Object({
  result: Type.Union([Type.Literal('created'), Type.Literal('changed'), Type.Literal('unchanged'), Type.Literal('deleted')]),
  differences: Type.Array(
    Type.Object({
      path: Type.String(),
      from: Type.Unknown(),
      to: Type.Unknown(),
    }),
  ),
  resource: Type.Unknown(),
});
export type Applied = Static<typeof Applied>;

/** A resource as it is sent; `status` and `generation` are the owner's and ignored. */
export const SentResource = Type.Object({
  apiVersion: Described(Type.Literal('roofshot/v1'), 'The version of this form.'),
  kind: Described(Type.String(), 'One of the kinds.'),
  metadata: Described(
    Type.Object({
      name: Described(Name, 'Others refer to it by this; each once in its kind.'),
      owner: Type.Optional(Described(Type.String(), 'Who answers for it, for people. Absent: nobody is named.')),
      description: Type.Optional(Described(Type.String(), 'What it is for. Absent: nothing is said.')),
      tags: Type.Optional(Described(Type.Array(Type.String()), 'Words to find it by. Absent: none.')),
    }),
    'What it is called.',
  ),
  spec: Type.Unknown(),
});
export type SentResource = Static<typeof SentResource>;

/**
 * `POST /v1/apply/{service}`: all resources of one owner in one transaction. References are checked against the set and what is
 * already there, so resources that refer to each other are applied together. With `dryRun` nothing changes and the answer is the same.
 * Any fault: 422 with all of them (`path` is `/<index>/spec/…`) and nothing changed.
 */
export const ApplyRequest = Type.Object({ resources: Type.Array(SentResource), dryRun: Type.Boolean() });
export const ApplyAnswer = Type.Object({ results: Type.Array(Applied) });
export type ApplyAnswer = Static<typeof ApplyAnswer>;
