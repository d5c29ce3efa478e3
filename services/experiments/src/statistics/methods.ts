/** The statistical methods that can be asked for: those that the library has, each with what it means and an example. */
import { TWO_ARM_METHODS } from './two-arm-methods.ts';
import { OTHER_METHODS } from './other-methods.ts';

export interface Method {
  readonly method: string;
  readonly summary: string;
  readonly formula: string;
  readonly assumptions: string;
  readonly reference: string;
  readonly example: { readonly input: Readonly<Record<string, unknown>>; readonly options: Readonly<Record<string, unknown>> };
  /** Throws `invalid` for a faulty shape, and a StatisticsError where there is no answer. */
  readonly run: (input: unknown, options: unknown) => Readonly<Record<string, unknown>>;
}

export const METHODS: ReadonlyMap<string, Method> = new Map(
  [...TWO_ARM_METHODS, ...OTHER_METHODS].map((method) => [method.method, method]),
);
