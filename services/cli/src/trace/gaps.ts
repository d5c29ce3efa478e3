/** What should have followed and did not. Pure. */
import type { TraceHop } from '@roofshot/contracts/http/ingestion';

const RUN_ENDS = ['training-run.finished', 'training-run.failed', 'training-run.cancelled'];

/**
 * A sentence for each step that is missing. Only steps that name an id of the step before are asked for, since a trace holds what
 * names the traced id and nothing else.
 */
export function gapsOf(hops: readonly TraceHop[]): string[] {
  const has = (types: readonly string[], field: string, id: string | undefined): boolean =>
    hops.some((hop) => types.includes(hop.type) && hop.ids[field] === id);
  return hops.flatMap(({ type, ids, summary, id, topic }) => {
    if (type === 'prediction.served' && summary.includes('experiment ') && !has(['exposure.recorded'], 'predictionId', ids['predictionId']))
      return [`No exposure of prediction ${ids['predictionId']} is on the log yet: its experiment does not count the unit.`];
    if (type === 'training-run.started' && !has(RUN_ENDS, 'runId', ids['runId']))
      return [`Training run ${ids['runId']} has begun and has not ended: see its state at /v1/training-runs/${ids['runId']}.`];
    if (type === 'training-run.finished' && !has(['model-version.registered'], 'runId', ids['runId']))
      return [`Training run ${ids['runId']} has finished and no version of it is registered: see \`roofshot status\` for the registry.`];
    if (type === 'event.quarantined' && !hops.some((hop) => hop.id === ids['eventId'] && hop.topic.startsWith('events.')))
      return [`Event ${ids['eventId'] ?? id} was refused (${topic}) and not sent again in a form that was accepted.`];
    return [];
  });
}
