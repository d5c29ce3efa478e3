/** Hops and log lines as one story. Pure. */
import type { TraceHop } from '@roofshot/contracts/http/ingestion';
import type { LogLine } from './log-lines.ts';

/** A pause that people should see. */
const LONG_MS = 60_000;

interface Step {
  readonly at: number;
  readonly lines: readonly string[];
}

/** One step a line (its summary below it), with the time since the step before. */
export function timelineLines(hops: readonly TraceHop[], log: readonly LogLine[]): string[] {
  const steps = [...hops.map(stepOfHop), ...log.map(stepOfLine)].sort((a, b) => a.at - b.at);
  return steps.flatMap(({ at, lines }, index) => {
    const before = steps[index - 1]?.at;
    const since = before === undefined ? 0 : at - before;
    const pause = since >= LONG_MS ? [`  … ${durationWords(since)} in which the log says nothing of it …`] : [];
    const [head = '', ...rest] = lines;
    const passed = before === undefined ? '' : `+${durationWords(since)}`;
    return [...pause, `${new Date(at).toISOString()}  ${passed.padStart(9)}  ${head}`, ...rest.map((line) => `${' '.repeat(37)}${line}`)];
  });
}

function stepOfHop(hop: TraceHop): Step {
  const { at, topic, partition, offset, type, id, subject, summary, time } = hop;
  const about = subject === null || subject === id ? '' : ` of ${subject}`;
  const happened = time !== null && Math.abs(Date.parse(time) - Date.parse(at)) >= LONG_MS ? ` (event time ${time})` : '';
  const head = `${type}${about}${happened}  [${topic}/${partition} @${offset}]`;
  return { at: Date.parse(at), lines: [head, ...(summary === '' ? [] : [summary])] };
}

function stepOfLine({ at, service, level, message, action, channel, error }: LogLine): Step {
  const about = [action, channel === null ? null : `[${channel}]`].filter((part) => part !== null).join('  ');
  const head = `log ${level} ${service}: ${message}${about === '' ? '' : `  ${about}`}`;
  return { at: Date.parse(at), lines: [head, ...(error === null ? [] : [error])] };
}

/** `12 ms`, `3.4 s`, `5 min 10 s`, `2 h 13 min`, `3 d 4 h`. */
export function durationWords(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
