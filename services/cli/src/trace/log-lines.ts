/** Lines of a platform's log file (ECS JSON, one a line) that belong to a request. */
import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface LogLine {
  readonly at: string;
  readonly service: string;
  readonly level: string;
  readonly message: string;
  readonly correlationId: string | null;
  /** The type of the message that the line is about, and its topic or queue. */
  readonly action: string | null;
  readonly channel: string | null;
  readonly error: string | null;
}

/** The newest are kept. */
const MOST_LINES = 200;

/** Lines with one of the correlation ids, or about one of the events; undefined when there is no such file here. */
export async function readLogLines(path: string, ids: ReadonlySet<string>): Promise<LogLine[] | undefined> {
  if (!existsSync(path)) return undefined;
  const found: LogLine[] = [];
  const quoted = [...ids].map((id) => JSON.stringify(id));
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (!quoted.some((id) => line.includes(id))) continue;
    const read = parseLine(line, ids);
    if (read !== undefined) found.push(read);
    if (found.length > MOST_LINES) found.shift();
  }
  return found;
}

function parseLine(line: string, ids: ReadonlySet<string>): LogLine | undefined {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // the last line may be half written
    throw error;
  }
  const text = (field: string): string | null => (typeof record[field] === 'string' ? record[field] : null);
  const correlationId = text('labels.correlation_id');
  if (![correlationId, text('event.id')].some((id) => id !== null && ids.has(id))) return undefined;
  return {
    at: text('@timestamp') ?? '',
    service: text('service.name') ?? '',
    level: text('log.level') ?? '',
    message: text('message') ?? '',
    correlationId,
    action: text('event.action'),
    channel: text('labels.topic') ?? text('labels.queue'),
    error: text('error.message'),
  };
}
