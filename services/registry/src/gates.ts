/** The Model's gates on a version's metrics. Pure. */
import type { ModelSpec } from '@roofshot/contracts/resources/model';
import type { Check } from './version-store.ts';

export function checkGates(gates: NonNullable<ModelSpec['gates']>, metrics: Readonly<Record<string, number>>): Check[] {
  return gates.map(({ metric, min, max }) => {
    const bounds = [min === undefined ? [] : [`≥ ${min}`], max === undefined ? [] : [`≤ ${max}`]].flat().join(' and ');
    const name = `${metric} ${bounds}`.trim();
    const value = metrics[metric];
    if (value === undefined) {
      const known = Object.keys(metrics).join(', ') || 'none';
      return { name, passed: false, detail: `The run reported no metric ${metric}; it reported: ${known}.` };
    }
    const passed = value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY);
    return { name, passed, detail: `It is ${value}.` };
  });
}
