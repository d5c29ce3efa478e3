import { acceptedEvents } from '@roofshot/contracts/events';
import { DECISION_TYPES, REFUSAL_TYPES } from '@roofshot/contracts/http/live';
import { recentMessages } from '@roofshot/telemetry/recent-messages';
import type { OutgoingCommand } from './commands/queue.ts';
import type { OutgoingRecord } from './events/bus.ts';
import type { Speaker } from './speaker.ts';

/** Of one transaction: a live view shows the last ones, and an import says thousands at once. Decisions are noted all. */
const MOST_PER_ANNOUNCEMENT = 20;
/** Of a decision's data, as JSON text: enough for who, what and why; signatures and lineages are asked for at their service. */
const MOST_DATA = 2_048;
/** Above this, a decision's text is not even read. */
const MOST_TEXT = 262_144;

/** Tells the live feed what a committed transaction said. */
export function noteSaid({ service }: Speaker, records: readonly OutgoingRecord[], commands: readonly OutgoingCommand[]): void {
  const at = Date.now();
  for (const { queue, headers } of commands.slice(-MOST_PER_ANNOUNCEMENT)) {
    recentMessages.note({ service, at, kind: 'command', type: headers['type'] ?? queue, ...correlated(headers['correlationid']) });
  }
  for (const record of lastOf(records)) {
    const { ce_type: type = 'unknown', ce_subject: subject, ce_correlationid: correlationId } = record.headers;
    const subjected = subject === undefined ? {} : { subject };
    const data = isDecision(record) ? { data: dataOf(record.value) } : isRefusal(record) ? { data: refusalOf(record.value) } : {};
    recentMessages.note({ service, at, kind: 'event', type, ...subjected, ...correlated(correlationId), ...data });
  }
}

const correlated = (correlationId: string | undefined): { readonly correlationId?: string } =>
  correlationId === undefined ? {} : { correlationId };

function lastOf(records: readonly OutgoingRecord[]): readonly OutgoingRecord[] {
  const first = records.length - MOST_PER_ANNOUNCEMENT;
  return first <= 0 ? records : records.filter((record, index) => index >= first || isDecision(record));
}

const isDecision = (record: OutgoingRecord): boolean => isOurs(record, DECISION_TYPES);
const isRefusal = (record: OutgoingRecord): boolean => isOurs(record, REFUSAL_TYPES);

/** A user's event may have any type, also one that sounds like the platform's. */
function isOurs({ topic, headers }: OutgoingRecord, types: ReadonlySet<string>): boolean {
  return types.has(headers['ce_type'] ?? '') && !topic.startsWith(acceptedEvents.prefix);
}

/** Whoever looks at the loop needs the reason, and may not be one who may see the event. */
function refusalOf(text: string): Record<string, unknown> {
  if (text.length > MOST_TEXT) return {};
  const { eventType, reason, detail, path } = JSON.parse(text) as Record<string, unknown>;
  return shortened({ eventType, reason, detail, ...(path !== undefined && { path }) });
}

/** The contracts make every decision's data an object; nothing may fail here, for the transaction has committed. */
function dataOf(text: string): Record<string, unknown> {
  return text.length > MOST_TEXT ? {} : shortened(JSON.parse(text) as Record<string, unknown>);
}

/** Without its largest properties, as many as it takes. */
export function shortened(data: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const sizes = Object.entries(data).map(([key, value]) => ({ key, value, size: JSON.stringify({ [key]: value }).length }));
  sizes.sort((a, b) => a.size - b.size);
  let room = MOST_DATA;
  const kept = sizes.filter(({ size }) => (room -= size) >= 0);
  return Object.fromEntries(kept.map(({ key, value }) => [key, value]));
}
