import { counter, defineMetrics, gauge, timing } from '@roofshot/telemetry/define-metrics';

export const metrics = defineMetrics('features', {
  'events.folded': counter('Events that were folded into at least one view.', ['topic']),
  'events.parked': counter('Events that an expression of a view could not read: they count for nothing in it.', ['view']),
  'events.late': counter('Events that came later than a view allows.', ['view', 'kind']),
  'backfill.steps': counter('Steps of changed views: switched to, compared, paused, resumed, cancelled.', ['kind']),
  'fold.ms': timing('One batch: views moved, series merged and written.', ['topic']),
  'catch-up.events': counter('Events that a new view has folded from the past of the log.', ['view']),
  'online.rows': counter('Rows put into the online store.'),
  'online.refusals': counter('Attempts that the online store refused; they are made again.'),
  'online.dirty': gauge('Rows that wait for the online store.'),
  'online.ms': timing('One attempt to bring the online store up to date.'),
  'snapshots.finished': counter('Training snapshots that ended.', ['outcome']),
  'snapshot.ms': timing('Building one training snapshot.'),
  'audits.finished': counter('Audits of served vectors.', ['outcome']),
});
