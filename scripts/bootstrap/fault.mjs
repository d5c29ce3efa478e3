/** Exit codes of the bootstrap; `--help` prints this table. A command that ran keeps its own exit code. */
export const EXIT = {
  usage: 2,
  machine: 10,
  portInUse: 11,
  nodePackages: 12,
  pythonPackages: 13,
  console: 14,
};

/** Something that the person at the machine can mend: what happened, why, and what to do. */
export class Fault extends Error {
  /**
   * @param {number} exitCode one of EXIT
   * @param {string} message what happened and why
   * @param {string} remedy what to do about it
   */
  constructor(exitCode, message, remedy) {
    super(message);
    this.name = 'Fault';
    this.exitCode = exitCode;
    this.remedy = remedy;
  }
}
