/** What a line of the spool says on the log. */
import { exposures, predictions } from '@roofshot/contracts/predictions';
import type { OutgoingRecord } from '@roofshot/messaging/events';
import { MessageBuffer } from '@roofshot/messaging/message-buffer';
import type { SpoolEntry } from './entries.ts';

export interface SpoolRecord {
  /** Of the event: its line's place in the spool, and its own in the line. */
  readonly id: string;
  readonly predictionId: string;
  readonly record: OutgoingRecord;
}

/** Who says it, and when. */
export interface RecordSource {
  readonly name: string;
  readonly clock: () => number;
}

/**
 * One record per event, in the entry's order: predictions, shadows' answers, exposures. Both topics are keyed by the unit, so one unit's
 * answers keep their order. `place` names the line: `<spool>/<segment>/<offset>`.
 */
export function recordsOf({ name, clock }: RecordSource, place: string, { cause, served, exposed, shadowed }: SpoolEntry): SpoolRecord[] {
  const buffer = new MessageBuffer({ service: name, clock });
  buffer.publish(predictions, [
    ...served.map((data, i) => ({ type: 'prediction.served' as const, id: `${place}/p${i}`, time: data.asOf, cause, data })),
    ...shadowed.map((data, i) => ({ type: 'shadow.scored' as const, id: `${place}/s${i}`, time: data.asOf, cause, data })),
  ]);
  buffer.publish(
    exposures,
    exposed.map(({ asOf, data }, i) => ({ type: 'exposure.recorded' as const, id: `${place}/e${i}`, time: asOf, cause, data })),
  );
  const said = [...served, ...shadowed, ...exposed.map(({ data }) => data)];
  return buffer.records.map((record, i) => ({ id: record.headers['ce_id'] ?? place, predictionId: said[i]?.predictionId ?? '', record }));
}
