/** Shapes that several services answer. */
import { Type, type Static } from 'typebox';

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
