import { isUtf8 } from 'node:buffer';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { PartitionStopped, type LogRecord } from '../bus.ts';
import { ByteReader } from './byte-reader.ts';

/** A transaction that was rolled back: its records from `firstOffset` on count as never written (up to its own end marker). */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface RecordSet {
  readonly topic: string;
  readonly partition: number;
  /** Records before this one are left out: the first batch may begin before what was asked for. */
  readonly from: number;
  /** Batches as they lie on the broker; the last one may be cut off. */
  readonly bytes: Buffer;
  readonly aborted: readonly AbortedTransaction[];
}

export interface DecodedSet {
  readonly records: LogRecord[];
  /** Behind the last whole batch, whatever it held: where to read on. */
  readonly next: number;
}

// Batch header (magic 2): https://kafka.apache.org/documentation/#recordbatch
const LENGTH_AT = 8;
const HEADER_BEFORE_LENGTH_ENDS = 12;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const HEADER = 61;
const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

/**
 * Takes a record set apart, up to what this reader cannot read. Throws when it begins with that: `PartitionStopped` where no other try
 * can help, naming where it lies and what to do.
 */
export function decodeRecordSet(set: RecordSet): DecodedSet {
  const records: LogRecord[] = [];
  const aborted = new AbortedRanges(set.aborted);
  let next = set.from;
  let room = MOST_UNPACKED; // what is beyond it comes with the next fetch
  for (let at = 0; at + HEADER <= set.bytes.length && room > 0;) {
    const end = at + HEADER_BEFORE_LENGTH_ENDS + set.bytes.readInt32BE(at + LENGTH_AT);
    if (end > set.bytes.length) break; // cut off: comes whole with the next fetch
    const batch = headerOf(set, at);
    if (batch.isControl) aborted.sawMarker(batch);
    else if (!aborted.covers(batch)) {
      const fault = faultOf(batch);
      if (fault !== undefined && next > set.from) break; // what lies before it is read first
      if (fault !== undefined) throw unreadable(set, batch, fault);
      room -= readRecords(set, batch, set.bytes.subarray(at + HEADER, end), records);
    }
    next = Math.max(next, batch.lastOffset + 1);
    at = end;
  }
  return { records, next };
}

interface Batch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly attributes: number;
  readonly firstTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly count: number;
  readonly magic: number;
  readonly isControl: boolean;
}

function headerOf({ bytes }: RecordSet, at: number): Batch {
  const reader = new ByteReader(bytes, at);
  const firstOffset = reader.int64();
  const magic = bytes.readInt8(at + MAGIC_AT);
  reader.skip(ATTRIBUTES_AT - 8);
  const attributes = magic === 2 ? reader.int16() : (reader.skip(2), 0); // older formats have theirs elsewhere
  const lastOffset = firstOffset + reader.int32();
  const [firstTimestamp, maxTimestamp, producerId] = [reader.int64(), reader.int64(), reader.int64()];
  reader.skip(2 + 4); // producer epoch, first sequence
  const count = reader.int32();
  const isControl = (attributes & CONTROL) !== 0;
  return { firstOffset, lastOffset, attributes, firstTimestamp, maxTimestamp, producerId, count, magic, isControl };
}

/** Answers how many bytes they are. */
function readRecords(set: RecordSet, batch: Batch, packed: Buffer, into: LogRecord[]): number {
  const { topic, partition, from } = set;
  const { firstOffset, attributes, firstTimestamp, maxTimestamp, count } = batch;
  const bytes = unpack(packed, batch);
  if (typeof bytes === 'string') {
    into.push(standIn(set, batch, bytes));
    return 0;
  }
  const reader = new ByteReader(bytes);
  for (let n = 0; n < count; n += 1) {
    const length = reader.varint();
    const end = reader.at + length;
    reader.skip(1); // attributes of a record: none are defined
    const timestamp = firstTimestamp + reader.varint();
    const offset = firstOffset + reader.varint();
    if (offset >= from) {
      const appendedAt = (attributes & LOG_APPEND_TIME) === 0 ? timestamp : maxTimestamp;
      into.push({ topic, partition, offset, appendedAt, ...readContent(reader) });
    }
    reader.skip(end - reader.at);
  }
  return bytes.length;
}

/** In place of a batch that nobody can take apart: its readers go on behind it, and tell. */
function standIn({ topic, partition, from }: RecordSet, { firstOffset, maxTimestamp, count }: Batch, why: string): LogRecord {
  const offset = Math.max(from, firstOffset);
  const unreadable = `It stands for a batch of ${count} ${count === 1 ? 'record' : 'records'} from offset ${firstOffset} of partition ${partition} of "${topic}", which ${why}.`;
  return { topic, partition, offset, appendedAt: maxTimestamp, key: '', value: '', headers: {}, hasNoValue: true, unreadable };
}

/** A record without key or value, as others may write it, has an empty one. */
function readContent(reader: ByteReader): Pick<LogRecord, 'key' | 'value' | 'headers' | 'base64' | 'hasNoValue'> {
  const key = reader.text(Math.max(0, reader.varint()));
  const value = readValue(reader, reader.varint());
  const headers: Record<string, string> = {};
  for (let left = reader.varint(); left > 0; left -= 1) {
    const name = reader.text(reader.varint());
    headers[name] = reader.text(Math.max(0, reader.varint()));
  }
  return { key, headers, ...value };
}

/** `length`: -1 where there is none. */
function readValue(reader: ByteReader, length: number): Pick<LogRecord, 'value' | 'base64' | 'hasNoValue'> {
  if (length < 0) return { value: '', hasNoValue: true };
  const bytes = reader.bytes(length);
  const value = bytes.toString('utf8');
  // What stands for broken bytes is not often in a text, so most are not looked at twice.
  return value.includes('\uFFFD') && !isUtf8(bytes) ? { value, base64: bytes.toString('base64') } : { value };
}

/** By the numbers of `CODEC_MASK`: https://kafka.apache.org/documentation/#recordbatch */
const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const READABLE = new Set(['none', 'gzip', 'zstd']);

/** Of one batch. Producers make them of a megabyte; what is far more was made to fill somebody's memory, or packs records by the million. */
const MOST_UNPACKED = 32 * 1024 * 1024;
const MOST_RECORDS = 200_000;

/** Its records, or why they cannot be had. */
function unpack(packed: Buffer, { attributes, count }: Batch): Buffer | string {
  const codec = CODECS[attributes & CODEC_MASK];
  if (count > MOST_RECORDS)
    return `has more than the ${MOST_RECORDS.toLocaleString('en')} that are read together; let its producer send smaller batches`;
  try {
    if (codec === 'gzip') return gunzipSync(packed, { maxOutputLength: MOST_UNPACKED });
    return codec === 'zstd' ? zstdDecompressSync(packed, { maxOutputLength: MOST_UNPACKED }) : packed;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      return `unpacks to more than ${MOST_UNPACKED / 1024 / 1024} MiB; let its producer send smaller batches`;
    return `cannot be unpacked (${message}); look at its producer`;
  }
}

/** Why the batch cannot be read, and what to do so that no other comes. */
function faultOf({ magic, attributes }: Batch): string | undefined {
  if (magic !== 2) return `has the format ${magic} of Kafka before 0.11; let its producer use a newer one`;
  const codec = CODECS[attributes & CODEC_MASK] ?? `codec ${attributes & CODEC_MASK}`;
  if (READABLE.has(codec)) return undefined;
  return (
    `is compressed by ${codec}, which is not read here; ` +
    `let its producer use gzip, zstd or none, and set compression.type=producer where the topic or the broker compresses by ${codec} itself`
  );
}

function unreadable({ topic, partition }: RecordSet, { magic, firstOffset, lastOffset }: Batch, why: string): PartitionStopped {
  const last = magic === 2 ? lastOffset : firstOffset; // older formats say it elsewhere
  return new PartitionStopped(
    `Partition ${partition} of "${topic}" stands still: the batch of the offsets ${firstOffset} to ${last} ${why}. ` +
      `What lies in it can be given up by setting next_offset of this checkpoint to ${last + 1}; then restart the service.`,
  );
}

/** Which batches belong to transactions that were rolled back, as a reader of committed records must know them. */
class AbortedRanges {
  readonly #pending: AbortedTransaction[];
  readonly #active = new Set<number>();

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#pending = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  }

  covers({ attributes, producerId, lastOffset }: Batch): boolean {
    if ((attributes & TRANSACTIONAL) === 0) return false;
    this.#activateUpTo(lastOffset);
    return this.#active.has(producerId);
  }

  /** The end of the producer's transaction, either way. */
  sawMarker({ producerId, lastOffset }: Batch): void {
    this.#activateUpTo(lastOffset);
    this.#active.delete(producerId);
  }

  #activateUpTo(offset: number): void {
    for (let [next] = this.#pending; next !== undefined && next.firstOffset <= offset; [next] = this.#pending) {
      this.#active.add(next.producerId);
      this.#pending.shift();
    }
  }
}
