/** Who speaks, and when: completes the envelope of what a service says. */
export interface Speaker {
  readonly service: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}
