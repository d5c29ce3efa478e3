/** Why a question has no answer; a caller maps `invalid-*` to a faulty request and the rest to faulty data. */
export type StatisticsErrorCode =
  'invalid-input' | 'invalid-option' | 'too-few-units' | 'zero-variance' | 'baseline-not-positive' | 'impossible-moments' | 'out-of-range';

/** There is no honest number to give. Nothing in this library returns NaN or Infinity instead. */
export class StatisticsError extends Error {
  readonly code: StatisticsErrorCode;

  constructor(code: StatisticsErrorCode, message: string) {
    super(message);
    this.name = 'StatisticsError';
    this.code = code;
  }
}

export function requireProbability(value: number, name: string): void {
  if (value >= 0 && value <= 1) return;
  throw new StatisticsError('invalid-input', `${name} is ${value}, but a probability lies between 0 and 1.`);
}

export function requirePositive(value: number, name: string): void {
  if (value > 0 && value < Infinity) return;
  throw new StatisticsError('invalid-input', `${name} is ${value}, but it has to be a finite number above 0.`);
}

export function requireFinite(value: number, name: string): void {
  if (Number.isFinite(value)) return;
  throw new StatisticsError('invalid-input', `${name} is ${value}, but it has to be a finite number.`);
}

export function requireCount(value: number, name: string): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new StatisticsError('invalid-input', `${name} is ${value}, but a count is a whole number from 0 to 2^53 - 1.`);
}
