/** The statistical methods that can be asked for: those that the library has, each with what it means and an example. */
import { TWO_ARM_METHODS } from './two-arm-methods.ts';
import type { Method } from './method.ts';
import { OTHER_METHODS } from './other-methods.ts';

export const METHODS: ReadonlyMap<string, Method> = new Map(
  [...TWO_ARM_METHODS, ...OTHER_METHODS].map((method) => [method.method, method]),
);
