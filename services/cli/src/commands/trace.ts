/** `roofshot trace ID`: what happened to one event, request, prediction, run or subject. */
import { join, resolve } from 'node:path';
import type { TraceAnswer, TraceHop } from '@roofshot/contracts/http/ingestion';
import { call } from '../client.ts';
import { EXIT, Exit, type ExitCode } from '../exit-codes.ts';
import { err, out, printJson } from '../print.ts';
import { gapsOf } from '../trace/gaps.ts';
import { readLogLines, type LogLine } from '../trace/log-lines.ts';
import { durationWords, timelineLines } from '../trace/timeline.ts';
import { numberOf, text, type CommandLine, type Invocation } from './command.ts';

/** Correlation ids of the hops whose log lines are looked for; a subject may have met hundreds of requests. */
const MOST_REQUESTS = 20;

export const trace: CommandLine = {
  name: 'trace',
  usage: 'trace ID [--limit 500] [--seconds 10] [--log FILE | --data DIR]',
  summary: 'tell what happened to one event, subject, request (correlation id), prediction or run',
  options: { limit: { type: 'string' }, seconds: { type: 'string' }, log: { type: 'string' }, data: { type: 'string' } },
  run: async (invocation) => {
    const [id] = invocation.positionals;
    if (id === undefined)
      throw new Exit(EXIT.usage, 'Name an id: of an event, a subject, a request (x-correlation-id), a prediction or a run.');
    const query = `limit=${numberOf(invocation, 'limit', 500)}&seconds=${numberOf(invocation, 'seconds', 10)}`;
    const answer = await call<TraceAnswer>(invocation.url, `/v1/events/trace/${encodeURIComponent(id)}?${query}`);
    const path = logPath(invocation);
    const log = await readLogLines(path, new Set([id, ...requestsOf(answer.hops)]));
    return report(invocation, answer, { path, lines: log });
  },
};

/** Where `up` writes its log; other platforms' lines are in Kibana, under `labels.correlation_id`. */
function logPath(invocation: Invocation): string {
  const named = text(invocation, 'log') ?? process.env['LOG_FILE'];
  return named ?? join(resolve(text(invocation, 'data') ?? 'data'), 'logs', 'roofshot.log');
}

function requestsOf(hops: readonly TraceHop[]): string[] {
  const ids = hops.flatMap(({ correlationId }) => (correlationId === null ? [] : [correlationId]));
  return [...new Set(ids)].slice(0, MOST_REQUESTS);
}

interface Log {
  readonly path: string;
  readonly lines: readonly LogLine[] | undefined;
}

function report({ json }: Invocation, answer: TraceAnswer, { path, lines = [] }: Log): ExitCode {
  const gaps = gapsOf(answer.hops);
  const found = answer.hops.length + lines.length > 0;
  if (json) printJson({ ...answer, log: lines, gaps });
  else if (found) printStory(answer, lines, gaps);
  else err(`roofshot: ${nothingFound(answer)}`);
  if (!json && answer.notice !== null) err(answer.notice);
  if (!json && lines.length === 0) err(`Log lines are read from ${path}, which has none of it; name another file with --log.`);
  return found ? EXIT.ok : EXIT.fault;
}

function printStory({ id, hops }: TraceAnswer, lines: readonly LogLine[], gaps: readonly string[]): void {
  const times = [...hops, ...lines].map(({ at }) => Date.parse(at));
  const took = durationWords(Math.max(...times) - Math.min(...times));
  const topics = new Set(hops.map(({ topic }) => topic)).size;
  out(
    `${id}: ${counted(hops.length, 'hop')} on ${counted(topics, 'topic')}, ${counted(lines.length, 'log line')}, ${took} from the first to the last`,
  );
  out('');
  for (const line of timelineLines(hops, lines)) out(line);
  if (gaps.length > 0) out(['', 'Missing:', ...gaps.map((gap) => `  ${gap}`)].join('\n'));
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

function nothingFound({ id, complete, records }: TraceAnswer): string {
  const reach = complete ? `None of the ${records} records on the log names it` : `None of the newest ${records} records names it`;
  return `Nothing is known of ${id}. ${reach}. Check the id; it must be written exactly as it was sent.`;
}
