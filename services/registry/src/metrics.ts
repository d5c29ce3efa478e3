import { counter, defineMetrics, timing } from '@roofshot/telemetry/define-metrics';

export const metrics = defineMetrics('registry', {
  'versions.admitted': counter('Versions by the outcome of their admission.', ['outcome']),
  'admission.ms': timing('Checking one version.'),
});
