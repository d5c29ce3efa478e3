/** Castagnoli's polynomial, reversed (RFC 3720, appendix B.4). */
const POLYNOMIAL = 0x82f63b78;

/** Table n tells what a byte does that is followed by n others ("slicing by 4": Kounavis and Berry, 2005). */
const TABLES = [0, 1, 2, 3].map(() => new Int32Array(256));
const [T0, T1, T2, T3] = TABLES as [Int32Array, Int32Array, Int32Array, Int32Array];
for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? POLYNOMIAL : 0);
  T0[byte] = crc;
}
for (let byte = 0; byte < 256; byte += 1) {
  for (const [table, before] of [
    [T1, T0],
    [T2, T1],
    [T3, T2],
  ] as const)
    table[byte] = at(T0, at(before, byte)) ^ (at(before, byte) >>> 8);
}

function at(table: Int32Array, value: number): number {
  return table[value & 0xff] as number;
}

/** CRC-32C of the bytes, as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  let crc = -1;
  let index = 0;
  for (const end = bytes.length - 3; index < end; index += 4) {
    crc ^=
      (bytes[index] as number) |
      ((bytes[index + 1] as number) << 8) |
      ((bytes[index + 2] as number) << 16) |
      ((bytes[index + 3] as number) << 24);
    crc = at(T3, crc) ^ at(T2, crc >>> 8) ^ at(T1, crc >>> 16) ^ at(T0, crc >>> 24);
  }
  for (; index < bytes.length; index += 1) crc = (crc >>> 8) ^ at(T0, crc ^ (bytes[index] as number));
  return (crc ^ -1) >>> 0;
}
