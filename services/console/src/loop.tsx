import type { ReactNode } from 'react';
import { formatCount, formatRate, plural } from './format.ts';
import type { LoopState } from './loop-state.ts';
import { rateOf, totalOf } from './rates.ts';
import { FLOWS, RETURNS, SHORTCUT, STAGES, type Flow } from './stages.ts';
import { StageView } from './stage-view.tsx';

/** The six stages as stations of one line, the values that go past two of them, and the two ways back that close the loop. */
export function Loop({ state }: { readonly state: LoopState }): ReactNode {
  return (
    <section className="loop" aria-label="The loop">
      <div className="shortcuts">
        <div className="shortcut">
          <FlowView flow={SHORTCUT} state={state} className="return-label" />
        </div>
      </div>
      <ol className="stages">
        {STAGES.map((stage, index) => (
          <li key={stage.service} className="stage" data-service={stage.service}>
            <StageView stage={stage} state={state} />
            <FlowView flow={FLOWS[index]} state={state} className="flow" />
          </li>
        ))}
      </ol>
      <ul className="returns">
        {RETURNS.map((flow) => (
          <li key={flow.from} className={`return to-${flow.to}`}>
            <FlowView flow={flow} state={state} className="return-label" />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface FlowProps {
  readonly flow: Flow | undefined;
  readonly state: LoopState;
  readonly className: string;
}

function FlowView({ flow, state, className }: FlowProps): ReactNode {
  if (flow === undefined) return <p className={`${className} end`} aria-hidden="true" />;
  const view = state.views[flow.measuredBy];
  const figures = flow.parts.map(({ what, metrics }) => ({
    what,
    value: flow.kind === 'rate' ? rateOf(view, metrics) : totalOf(view, metrics),
  }));
  const isMoving = figures.some(({ value = 0 }) => value > 0);
  return (
    <p className={className} data-moving={isMoving} data-flow={`${flow.from}-${flow.to}`}>
      <span className="hidden">
        From {flow.from} to {flow.to}:{' '}
      </span>
      {figures.map(({ what, value }, index) => (
        <span key={what}>
          {index > 0 && ', '}
          <b>{flow.kind === 'rate' ? formatRate(value) : formatCount(value ?? 0)}</b>{' '}
          {flow.kind === 'rate' ? `${what}/s` : nounOf(value ?? 0, what)}
        </span>
      ))}
    </p>
  );
}

function nounOf(count: number, noun: string): string {
  return noun.endsWith('ch') ? `${noun}${count === 1 ? '' : 'es'}` : plural(count, noun).replace(/^\S+ /, '');
}
