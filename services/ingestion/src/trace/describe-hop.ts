/** A matching record as one step of a journey. Pure. */
import type { TraceHop } from '@roofshot/contracts/http/ingestion';
import type { LogRecord } from '@roofshot/messaging/events';
import { ID_FIELDS, type Match } from './match-record.ts';

/** What is worth saying of each type, in this order; of the users' own events: their first fields. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  'event.quarantined': ['eventType', 'reason', 'path', 'detail'],
  'event.late': ['eventType', 'delaySeconds', 'detail'],
  'prediction.served': ['deployment', 'decision', 'score', 'variant', 'model', 'version', 'experiment', 'fallback', 'degraded'],
  'shadow.scored': ['deployment', 'alias', 'decision', 'score', 'model', 'version'],
  'exposure.recorded': ['experiment', 'phase', 'variant', 'propensity'],
  'training-run.started': ['job', 'model', 'trials'],
  'trial.reported': ['number', 'state', 'seconds', 'error'],
  'training-run.finished': ['job', 'model', 'metrics', 'seconds'],
  'training-run.failed': ['job', 'reason', 'hint'],
  'training-run.cancelled': ['job', 'reason'],
  'training-snapshot.built': ['featureService', 'rows', 'labelNotKnown'],
  'model-version.registered': ['model', 'version', 'metrics'],
  'model-version.approved': ['model', 'version'],
  'model-version.refused': ['model', 'version', 'checks'],
  'model-version.promoted': ['model', 'alias', 'previous', 'version', 'reason', 'requestedBy'],
  'model-version.rolled-back': ['model', 'alias', 'previous', 'version', 'guardrail', 'reason'],
  'experiment.started': ['experiment', 'phase', 'startedBy'],
  'experiment.decided': ['experiment', 'decision', 'because'],
  'experiment.stopped': ['experiment', 'reason', 'stoppedBy'],
  'guardrail.breached': ['experiment', 'guardrail', 'because'],
  'audit.recorded': ['actor', 'action', 'target', 'reason'],
};
const MOST_FIELDS = 6;
const LONGEST_VALUE = 120;
const LONGEST_SUMMARY = 400;

/** What may be told of a record's data. */
export type TellData = (topic: string, data: Match['data']) => Match['data'];

export function describeHop(record: LogRecord, { by, data: whole }: Match, tell: TellData): TraceHop {
  const { headers, topic, partition, offset, appendedAt } = record;
  const type = headers['ce_type'] ?? 'unknown';
  const data = tell(topic, whole);
  return {
    at: new Date(appendedAt).toISOString(),
    time: headers['ce_time'] ?? null,
    topic,
    partition,
    offset,
    type,
    id: headers['ce_id'] ?? '',
    subject: headers['ce_subject'] ?? null,
    correlationId: headers['ce_correlationid'] ?? null,
    by,
    summary: summaryOf(type, data),
    ids: idsOf(data),
  };
}

function summaryOf(type: string, data: Match['data']): string {
  const fields = TOLD[type] ?? Object.keys(data).slice(0, MOST_FIELDS);
  const told = fields.filter((field) => isTold(data[field])).map((field) => `${field} ${wordsOf(data[field])}`);
  return told.join(', ').slice(0, LONGEST_SUMMARY);
}

/** What is not so is not worth a word. */
const isTold = (value: unknown): boolean => value !== undefined && value !== null && value !== false && value !== '';

function wordsOf(value: unknown): string {
  if (typeof value === 'number') return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 1)}…` : text;
}

function idsOf(data: Match['data']): Record<string, string> {
  return Object.fromEntries(
    ID_FIELDS.flatMap((field) => {
      const value = data[field];
      return typeof value === 'string' && value !== '' ? [[field, value]] : [];
    }),
  );
}
