/** What the Python side says, a JSON object a line (services/training/trainer/README.md). */
import { validatorOf } from '@roofshot/contracts/validate';
import { Type, type Static } from 'typebox';

const of = <T extends string>(type: T): { type: ReturnType<typeof Type.Literal<T>> } => ({ type: Type.Literal(type) });

/** What a trial reports. */
export const Report = Type.Union([
  Type.Object({ ...of('heartbeat') }),
  Type.Object({ ...of('param'), name: Type.String(), value: Type.Unknown() }),
  Type.Object({ ...of('metric'), name: Type.String(), value: Type.Number(), step: Type.Union([Type.Integer(), Type.Null()]) }),
  Type.Object({
    ...of('model'),
    path: Type.String(),
    signature: Type.Object({
      inputs: Type.Array(Type.Object({ name: Type.String(), dtype: Type.String() })),
      output: Type.String(),
    }),
    sha256: Type.String(),
    bytes: Type.Integer(),
  }),
  Type.Object({ ...of('finished') }),
  Type.Object({ ...of('failed'), kind: Type.String(), error: Type.String(), traceback: Type.String(), hint: Type.String() }),
]);
export type Report = Static<typeof Report>;

const ServerMessage = Type.Union([
  Type.Object({ ...of('ready') }),
  Type.Object({ ...of('started'), trial: Type.String(), pid: Type.Integer() }),
  Type.Object({ ...of('report'), trial: Type.String(), report: Type.Unknown() }),
  Type.Object({ ...of('ended'), trial: Type.String(), code: Type.Integer() }),
]);
export type ServerMessage = Static<typeof ServerMessage>;

/** Undefined for a line that is no message: a training file can write anything anywhere. */
export function readMessage(line: string): ServerMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return validatorOf(ServerMessage).check(value) ? value : undefined;
}

export function readReport(value: unknown): Report | undefined {
  return validatorOf(Report).check(value) ? value : undefined;
}
