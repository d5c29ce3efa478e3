import { counter, defineMetrics, gauge, timing } from '@roofshot/telemetry/define-metrics';

export const metrics = defineMetrics('serving', {
  'predict.ms': timing('From the parsed request to the answer, a batch counting once.', ['deployment']),
  'features.ms': timing('The one round trip to the online store for all rows of a request.', ['deployment']),
  'compute.ms': timing('Scoring all rows of a request.', ['deployment']),
  'predictions.served': counter('Questions answered.', ['deployment']),
  'predictions.fallback': counter('Answers that the assigned variant could not give.', ['deployment']),
  'predictions.degraded': counter('Answers from a vector with an absent or stale value.', ['deployment']),
  'features.failed': counter('Requests whose stored values could not be read in time.', ['deployment']),
  'scoring.failed': counter('Groups of rows that a loaded version failed to score.', ['deployment']),
  'shadows.dropped': counter('Vectors without their shadows’ answers: too many were waiting, or the spool refused.', ['deployment']),
  'spool.unpublished': gauge('Answered requests whose events are not yet on the log.'),
  'spool.dropped': counter('Lines of the spool that could not be read after a crash.'),
  'spool.set-aside': counter('Events of answers that are larger than their topic takes: kept in a file beside the spool, not on the log.'),
  'versions.switched': counter('Aliases that began to answer with another version.'),
  'versions.failed': counter('Versions that could not be loaded.'),
});
