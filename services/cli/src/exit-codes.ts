/** Exit codes of `roofshot`; documented in the README and in `roofshot --help`. */
export const EXIT = {
  ok: 0,
  /** The platform or the files answered with a fault; everything that is wrong was printed. */
  fault: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Nothing answers at the address. */
  unreachable: 3,
  /** `plan --exit-code`: there are differences. */
  differences: 4,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** An end of the command with a message for people and a code for scripts. */
export class Exit extends Error {
  readonly code: ExitCode;
  constructor(code: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Exit';
    this.code = code;
  }
}
