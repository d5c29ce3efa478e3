import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import type { ReactNode } from 'react';
import { formatMeasure } from './format.ts';
import { intervalScale } from './interval-scale.ts';

/** The interval (thick), the boundary that may be watched at any time (thin) and zero, on one line. The numbers above say the same. */
export function IntervalLine({ analysis }: { readonly analysis: NonNullable<ExperimentResults['analysis']> }): ReactNode {
  const { effect, ci, sequential } = analysis;
  const { place, from, to } = intervalScale([effect, ...ci, ...sequential.ci]);
  const span = ([low, high]: readonly [number | null, number | null]): { left: string; right: string } => ({
    left: `${place(low ?? from)}%`,
    right: `${100 - place(high ?? to)}%`,
  });
  return (
    <div className="interval-line" aria-hidden="true">
      <i className="boundary" style={span(sequential.ci)} />
      <i className="interval" style={span(ci)} />
      <i className="effect" style={{ left: `${place(effect)}%` }} />
      <i className="zero" style={{ left: `${place(0)}%` }} />
      <span style={{ left: `${place(0)}%` }}>{formatMeasure(0)}</span>
    </div>
  );
}
