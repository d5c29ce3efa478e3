/** `roofshot replay FILE`: sends events from newline-delimited JSON, in order, and tells the verdicts. */
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { createInterface } from 'node:readline';
import type { EventsAnswer } from '@roofshot/contracts/http/ingestion';
import { PROGRESS_HEADER } from '@roofshot/contracts/http/ingestion';
import { call, Refusal } from '../client.ts';
import { EXIT, Exit, type ExitCode } from '../exit-codes.ts';
import { err, out, printJson } from '../print.ts';
import { text, type CommandLine, type Invocation } from './command.ts';

const BATCH = 500;
/** A platform that is away for a moment (503) is asked again for so long. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 1_000;
const BATCHED = 'application/cloudevents-batch+json';

export const replay: CommandLine = {
  name: 'replay',
  usage: 'replay FILE|- [--progress TIME]',
  summary: 'send events (one JSON a line) and tell the verdicts',
  options: { progress: { type: 'string' } },
  run: async (invocation) => {
    const [file] = invocation.positionals;
    if (file === undefined) throw new Exit(EXIT.usage, 'Name the file with the events, one JSON object a line; - reads standard input.');
    const totals = { accepted: 0, duplicate: 0, late: 0, quarantined: 0 };
    const refused: EventsAnswer['results'] = [];
    try {
      for await (const batch of batches(file)) await send(invocation, batch, { totals, refused });
    } catch (error) {
      throw withSent(error, totals);
    }
    const progress = text(invocation, 'progress');
    if (progress !== undefined)
      await call(invocation.url, '/v1/events', {
        method: 'POST',
        body: '[]',
        headers: { 'content-type': BATCHED, [PROGRESS_HEADER]: progress },
      });
    return report(invocation, totals, refused);
  },
};

/** Where it ended says the error; how much lies on the log says this. */
function withSent(error: unknown, totals: Sums['totals']): unknown {
  if (!(error instanceof Exit)) return error;
  const sent = Object.values(totals).reduce((sum, count) => sum + count, 0);
  error.message += ` ${sent === 0 ? 'No event was sent' : `${sent} events were sent and answered`} before; sending them again is harmless.`;
  return error;
}

interface Sums {
  readonly totals: Record<'accepted' | 'duplicate' | 'late' | 'quarantined', number>;
  readonly refused: EventsAnswer['results'];
}

async function send({ url }: Invocation, lines: readonly string[], { totals, refused }: Sums): Promise<void> {
  const answer = await sendPatiently(url, `[${lines.join(',')}]`);
  for (const { verdict } of answer.results) totals[verdict] += 1;
  refused.push(...answer.results.filter(({ verdict }) => verdict === 'late' || verdict === 'quarantined'));
}

/** Sending a batch again is harmless: what was taken is a duplicate then. */
async function sendPatiently(url: string, body: string): Promise<EventsAnswer> {
  for (const end = Date.now() + PATIENCE_MS; ; await delay(PAUSE_MS)) {
    try {
      return await call<EventsAnswer>(url, '/v1/events', { method: 'POST', body, headers: { 'content-type': BATCHED } });
    } catch (error) {
      if (!(error instanceof Refusal) || error.problem.status !== 503 || Date.now() > end) throw error;
    }
  }
}

/** Lines that are no JSON end the replay: what was sent before stays sent, and sending it again is harmless. */
async function* batches(file: string): AsyncGenerator<string[]> {
  const input = await inputOf(file);
  let [batch, number] = [[] as string[], 0];
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    if (line.trim() === '') continue;
    try {
      JSON.parse(line);
    } catch (error) {
      throw new Exit(EXIT.fault, `${file}:${number} is no JSON: ${(error as Error).message}. Correct it and run again.`, { cause: error });
    }
    batch.push(line);
    if (batch.length === BATCH) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

async function inputOf(file: string): Promise<Readable> {
  if (file === '-') return process.stdin;
  try {
    return (await open(file)).createReadStream();
  } catch (error) {
    throw new Exit(EXIT.fault, `${file} cannot be read: ${(error as Error).message}. Check the path and its permissions.`, {
      cause: error,
    });
  }
}

function report({ json }: Invocation, totals: Sums['totals'], refused: Sums['refused']): ExitCode {
  if (json) printJson({ ...totals, refused });
  else {
    out(
      Object.entries(totals)
        .map(([verdict, count]) => `${verdict} ${count}`)
        .join(', '),
    );
    for (const { id, verdict, detail } of refused.slice(0, 20)) err(`  ${id} ${verdict}: ${detail ?? ''}`);
  }
  return refused.length > 0 ? EXIT.fault : EXIT.ok;
}
