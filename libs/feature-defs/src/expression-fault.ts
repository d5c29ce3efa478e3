/** What is wrong with an expression, found when it is compiled. */
export class ExpressionFault extends Error {
  override readonly name = 'ExpressionFault';

  constructor(
    readonly text: string,
    /** Index of the faulty character in `text`, from 0. */
    readonly position: number,
    /** A sentence without the place. */
    readonly detail: string,
  ) {
    super(`${detail} (at character ${position + 1} of \`${text}\`)`);
  }
}
