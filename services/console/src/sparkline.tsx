import type { ReactNode } from 'react';
import { LINE_HEIGHT, LINE_WIDTH, linePoints } from './line-points.ts';

/** The last minute. The number above says the same of now, so it is left out for those who listen. */
export function Sparkline({ values }: { readonly values: readonly number[] }): ReactNode {
  return (
    <svg className="sparkline" viewBox={`0 0 ${LINE_WIDTH} ${LINE_HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <polyline points={linePoints(values)} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
