/** The request cannot be met, however often it is tried. The message says what is wrong with it. */
export class SnapshotFault extends Error {
  override readonly name = 'SnapshotFault';
}
