import { counter, defineMetrics, gauge, timing } from '@roofshot/telemetry/define-metrics';

export const metrics = defineMetrics('training', {
  'runs.ended': counter('Runs by how they ended.', ['outcome']),
  'trials.ended': counter('Attempts at trials by how they ended.', ['outcome']),
  'trial.ms': timing('One attempt at a trial, from its start to its end.'),
  'cores.busy': gauge('Cores that trials of this process may use now.'),
});
