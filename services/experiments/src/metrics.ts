import { counter, defineMetrics, timing } from '@roofshot/telemetry/define-metrics';

export const metrics = defineMetrics('experiments', {
  'facts.folded': counter('Facts about units that were joined, by the topic that brought them.', ['topic']),
  'fold.ms': timing('One batch of facts, from its scopes to its sums.'),
  'values.refused': counter('Values of a metric or covariate that were no usable number; the unit counts as missing.', ['metric']),
  'analysis.ms': timing('One analysis of everything that is open.'),
  'phases.decided': counter('Decisions, by what was decided.', ['decision']),
  'guardrails.breached': counter('Roll-backs that were ordered, by guardrail.', ['guardrail']),
});
