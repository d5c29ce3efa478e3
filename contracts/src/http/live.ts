/** `GET /live` of a service and of the gateway: what goes on, once a second, as Server-Sent Events. */
import { Type, type Static } from 'typebox';

/** One message that a service said. */
export const Said = Type.Object({
  /** Rises by one with each message of a process; begins anew with the process. */
  seq: Type.Integer(),
  service: Type.String(),
  /** When it was said, epoch milliseconds of the machine. */
  at: Type.Number(),
  kind: Type.Union([Type.Literal('event'), Type.Literal('command')]),
  type: Type.String(),
  subject: Type.Optional(Type.String()),
  correlationId: Type.Optional(Type.String()),
  /** Of decisions (see DECISION_TYPES) and refused events (see REFUSAL_TYPES) only: the message's data, shortened to 2 kB. */
  data: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type Said = Static<typeof Said>;

/**
 * What one service of one process does. Counters, gauges and medians go by the metric's name without `roofshot.<service>.`; a counter
 * with one tag is told by the tag's values too: `events.received` and `events.received/accepted`.
 */
export const LiveFrame = Type.Object({
  service: Type.String(),
  /** Epoch milliseconds of the machine. */
  at: Type.Number(),
  /** When the process began: all totals count from then. */
  since: Type.Number(),
  ready: Type.Boolean(),
  /** A sentence for each thing that is awaited. */
  waitsFor: Type.Array(Type.String()),
  /** A sentence for each thing that is in the way of some of its work, although it is ready; a service of an older version has none. */
  troubles: Type.Optional(Type.Array(Type.String())),
  /** Records that are on the log and not yet handled. */
  lag: Type.Integer(),
  totals: Type.Record(Type.String(), Type.Number()),
  gauges: Type.Record(Type.String(), Type.Number()),
  /** Milliseconds: the median of the last durations, at most 512, since somebody watches. */
  medians: Type.Record(Type.String(), Type.Number()),
  /** What the service said since the frame before; in the first frame what is still known of before. */
  said: Type.Array(Said),
});
export type LiveFrame = Static<typeof LiveFrame>;

/** The gateway's first message, event `services`: whose frames follow. */
export const LiveServices = Type.Object({ services: Type.Array(Type.String()) });
export type LiveServices = Static<typeof LiveServices>;

/** The gateway's event `gone`: a service does not answer; it is asked again until it does. */
export const LiveGone = Type.Object({ service: Type.String(), at: Type.Number(), reason: Type.String() });
export type LiveGone = Static<typeof LiveGone>;

/** What ingestion did not accept. Type, reason, sentence and path travel with the feed; the event itself stays on its topic. */
export const REFUSAL_TYPES: ReadonlySet<string> = new Set(['event.quarantined', 'event.late']);

/** Events by which people follow what the loop decided. Their data travel with the feed. */
export const DECISION_TYPES: ReadonlySet<string> = new Set([
  'model-version.registered',
  'model-version.approved',
  'model-version.refused',
  'model-version.promoted',
  'model-version.rolled-back',
  'experiment.started',
  'experiment.decided',
  'experiment.stopped',
  'guardrail.breached',
  'training-run.started',
  'training-run.finished',
  'training-run.failed',
  'training-run.cancelled',
  'deployment.switched',
]);
