/** A clock that stands still until a test moves it. Pass `clock.now` where a rule takes its clock as an argument. */
export class SettableClock {
  #milliseconds: number;

  /** `start`: epoch milliseconds or an ISO time. */
  constructor(start: number | string = '2001-01-01T00:00:00Z') {
    this.#milliseconds = epochMs(start);
  }

  /** Epoch milliseconds; bound, so that it can be handed on by itself. */
  readonly now = (): number => this.#milliseconds;

  readonly date = (): Date => new Date(this.#milliseconds);

  set(time: number | string): void {
    this.#milliseconds = epochMs(time);
  }

  advance(milliseconds: number): void {
    this.#milliseconds += milliseconds;
  }
}

function epochMs(time: number | string): number {
  const milliseconds = typeof time === 'number' ? time : Date.parse(time);
  if (!Number.isFinite(milliseconds)) throw new RangeError(`"${time}" is not a time: use epoch milliseconds or an ISO 8601 text.`);
  return milliseconds;
}
