/** Avro's logical types (1.12) as JSON texts. A type that is not known here is what it is made of, as the specification asks. */
import type { AvroLogical } from '../schema-registry/avro-schema.ts';
import type { AvroBytes } from './avro-bytes.ts';

/** Longer decimals are no amounts; writing out their digits would hold up everybody. */
const MAX_DECIMAL_BYTES = 256;
const DAY_MS = 86_400_000;
const MAX_YEAR_MS = Date.UTC(10_000, 0);
const MIN_YEAR_MS = -62_167_219_200_000; // of the year 0: RFC 3339 has four digits for it

/** Of int and long. Undefined: the type has no text of its own. */
export function logicalNumber({ name }: AvroLogical, value: number | bigint, bytes: AvroBytes): string | undefined {
  switch (name) {
    case 'date':
      return dateTime(BigInt(value) * BigInt(DAY_MS), 3, bytes).slice(0, 10);
    case 'time-millis':
      return timeOfDay(BigInt(value), 3, bytes);
    case 'time-micros':
      return timeOfDay(BigInt(value), 6, bytes);
    case 'timestamp-millis':
    case 'timestamp-micros':
    case 'timestamp-nanos':
      return `${dateTime(BigInt(value), digitsOf(name), bytes)}Z`;
    case 'local-timestamp-millis':
    case 'local-timestamp-micros':
    case 'local-timestamp-nanos':
      return dateTime(BigInt(value), digitsOf(name), bytes);
    default:
      return undefined;
  }
}

/** Of bytes and fixed. Undefined: the type has no text of its own. */
export function logicalBytes({ name, scale }: AvroLogical, value: Buffer, bytes: AvroBytes): string | undefined {
  if (name === 'decimal') return decimal(value, scale, bytes);
  if (name === 'uuid' && value.length === 16) return value.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  if (name !== 'duration' || value.length !== 12) return undefined;
  const seconds = fixedPoint(BigInt(value.readUInt32LE(8)), 3);
  return `P${value.readUInt32LE(0)}M${value.readUInt32LE(4)}DT${seconds}S`;
}

const digitsOf = (name: string): number => (name.endsWith('millis') ? 3 : name.endsWith('micros') ? 6 : 9);

/** Without offset. `value`: since 1970, with so many digits of a second. */
function dateTime(value: bigint, digits: number, bytes: AvroBytes): string {
  const unit = 10n ** BigInt(digits);
  const fraction = ((value % unit) + unit) % unit;
  const ms = Number(((value - fraction) / unit) * 1_000n);
  if (ms < MIN_YEAR_MS || ms >= MAX_YEAR_MS) throw bytes.fault(`${value} is a time before the year 0 or after 9999. Check its unit`);
  return `${new Date(ms).toISOString().slice(0, -5)}.${String(fraction).padStart(digits, '0')}`;
}

function timeOfDay(value: bigint, digits: number, bytes: AvroBytes): string {
  const day = 86_400n * 10n ** BigInt(digits);
  if (value < 0n || value >= day) throw bytes.fault(`${value} is no time of a day. Check its unit`);
  return dateTime(value, digits, bytes).slice('1970-01-01T'.length);
}

/** Two's complement, the highest byte first. */
function decimal(value: Buffer, scale: number, bytes: AvroBytes): string {
  if (value.length > MAX_DECIMAL_BYTES)
    throw bytes.fault(`a decimal has at most ${MAX_DECIMAL_BYTES} bytes here; this has ${value.length}`);
  const unscaled = value.length === 0 ? 0n : BigInt.asIntN(8 * value.length, BigInt(`0x${value.toString('hex')}`));
  return fixedPoint(unscaled, scale);
}

function fixedPoint(value: bigint, scale: number): string {
  if (scale === 0) return String(value);
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}
