/** On records that an outbox has carried: the stream that sent it, and its place in the stream, the same whenever it is sent again. */
export const ORIGIN_HEADER = 'roofshot-origin';
export const SEQUENCE_HEADER = 'roofshot-sequence';
