/**
 * Events that were answered for and that the log can never take, since each is larger than its topic takes: one line each in a file
 * beside the spool's segments, for a person to decide about.
 */
import { statSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '@roofshot/storage/sync-folder';
import type { Oversize } from '@roofshot/messaging/events';
import type { Logger } from '@roofshot/telemetry/logger';
import { metrics } from '../metrics.ts';
import { openIfThere } from './segments.ts';
import type { SpoolRecord } from './spool-records.ts';

export interface TooLarge extends SpoolRecord {
  readonly oversize: Oversize;
}

const FILE = 'set-aside.ndjson';
const NEWLINE = 0x0a;

export class SetAside {
  readonly path: string;
  readonly #log: Logger;
  /** Of the events that lie, or lay, in the file. Read when one is to be set aside: an earlier process may have got no further. */
  #ids: Set<string> | undefined;

  constructor(folder: string, log: Logger) {
    this.path = join(folder, FILE);
    this.#log = log;
  }

  /** Resolves when the events are on the disk; those that were kept before are not kept again. Each is told once: an error and a count. */
  async keep(events: readonly TooLarge[]): Promise<void> {
    if (events.length === 0) return;
    const ids = (this.#ids ??= await readIds(this.path));
    const fresh = events.filter(({ id }) => !ids.has(id));
    if (fresh.length === 0) return;
    await appendLines(this.path, fresh.map(lineOf));
    for (const event of fresh) {
      ids.add(event.id);
      this.#tell(event);
    }
  }

  /** For as long as the file holds something; to be called at most as often as somebody asks for the state. */
  troubles(): string[] {
    const bytes = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes === 0) return [];
    return [
      `Predictions were answered whose events are not on the log: each is larger than its topic takes, so it was set aside in ${this.path} ` +
        `(${(bytes / 1_048_576).toFixed(1)} MB), a line each with the reason and the whole record. To have such events on the log from now on, ` +
        `raise the topic's max.message.bytes in Kafka; keep the lines elsewhere or bring their records to where they are needed, then remove the file.`,
    ];
  }

  #tell(event: TooLarge): void {
    metrics['spool.set-aside']();
    const { id, predictionId, record } = event;
    this.#log.error('An event of an answer is larger than its topic takes; it was set aside and is not on the log.', {
      'event.id': id,
      'event.reason': reasonOf(event),
      'labels.prediction_id': predictionId,
      'labels.topic': record.topic,
      'labels.correlation_id': record.headers['ce_correlationid'],
      'labels.file': this.path,
    });
  }
}

const reasonOf = ({ record, oversize }: TooLarge): string =>
  `It is about ${oversize.bytes} bytes, and the topic ${record.topic} takes ${oversize.limit}.`;

/** U+2028 and U+2029 may stand in JSON and end lines for some readers, Node's among them. */
function lineOf(event: TooLarge): string {
  const { id, predictionId, record } = event;
  const line = JSON.stringify({ id, predictionId, reason: reasonOf(event), record });
  return line.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

async function readIds(path: string): Promise<Set<string>> {
  const ids = new Set<string>();
  const file = await openIfThere(path);
  if (file === undefined) return ids;
  for await (const line of file.readLines()) {
    const id = idOf(line);
    if (id !== undefined) ids.add(id);
  }
  return ids;
}

/** Undefined for a line that a crash cut off: its event is kept again. */
function idOf(line: string): string | undefined {
  try {
    return (JSON.parse(line) as { readonly id?: string } | null)?.id;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Opened for each call: between two of them somebody may have moved the file away. */
async function appendLines(path: string, lines: readonly string[]): Promise<void> {
  const file = await open(path, 'a+', 0o600);
  try {
    const begin = (await endsInLine(file)) ? '\n' : '';
    await file.appendFile(`${begin}${lines.join('\n')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await syncFolder(dirname(path));
}

/** A crash, a full disk or an editor has left a last line without its end. */
async function endsInLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== NEWLINE;
}
