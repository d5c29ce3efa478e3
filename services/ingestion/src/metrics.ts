import { counter, defineMetrics, timing } from '@roofshot/telemetry/define-metrics';

export const metrics = defineMetrics('ingestion', {
  'events.received': counter('Events by verdict.', ['verdict']),
  'events.refused': counter('Events that were late or quarantined, by reason.', ['reason']),
  'events.redriven': counter('Refused events that were tried again, by what became of them.', ['verdict']),
  'submit.ms': timing('From the parsed request to the durable verdicts.'),
});
