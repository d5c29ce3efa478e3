import type { ExperimentResults } from '@roofshot/contracts/http/experiments';
import type { ReactNode } from 'react';
import { effectOf, progressOf, reasonText, significanceText, stateText, unitsText } from './experiment-text.ts';
import { formatEventTime } from './format.ts';
import { IntervalLine } from './interval-line.tsx';

/** How far an experiment is, what it found so far, and what was decided. */
export function ExperimentView({ results }: { readonly results: ExperimentResults }): ReactNode {
  const { experiment, analysis, decision } = results;
  const id = `experiment-${experiment}`;
  const reason = reasonText(results);
  return (
    <section className="experiment" aria-labelledby={id} data-experiment={experiment}>
      <h2 id={id}>
        Experiment {experiment} <span className="state">{stateText(results)}</span>
      </h2>
      <div className="findings">
        <ProgressView results={results} />
        <EffectView analysis={analysis} />
        <div className="finding">
          <h3>Decision</h3>
          <p className="value">{decision === null ? '–' : decision.decision}</p>
          <p className="note">
            {decision === null ? 'none yet: its rule asks for the whole length' : `at ${formatEventTime(Date.parse(decision.decidedAt))}`}
          </p>
          {reason !== '' && <p className="note">{reason}</p>}
        </div>
      </div>
    </section>
  );
}

function ProgressView({ results }: { readonly results: ExperimentResults }): ReactNode {
  const progress = progressOf(results);
  const { analysis, startedAt, endsAt } = results;
  return (
    <div className="finding">
      <h3>Event time reached</h3>
      <p className="value">{progress?.text ?? 'not started'}</p>
      {progress !== undefined && (
        <>
          <progress max={1} value={progress.share} aria-label={`of ${results.experiment}`} />
          <p className="note">
            {formatEventTime(Date.parse(startedAt ?? ''))} – {formatEventTime(Date.parse(endsAt ?? ''))}
            <br />
            outcomes are in until {progress.until}
          </p>
        </>
      )}
      {analysis !== null && <p className="note">{unitsText(analysis)}</p>}
    </div>
  );
}

function EffectView({ analysis }: { readonly analysis: ExperimentResults['analysis'] }): ReactNode {
  const found = effectOf(analysis);
  return (
    <div className="finding">
      <h3>Effect{analysis !== null && ` on ${analysis.metric}`}</h3>
      {analysis === null || found === undefined ? (
        <>
          <p className="value">–</p>
          <p className="note">no outcomes of both variants yet</p>
        </>
      ) : (
        <>
          <p className="value">
            {found.effect} <span className="interval">{found.interval}</span>
          </p>
          <IntervalLine analysis={analysis} />
          <p className="note">{analysis.ciMethod}</p>
          <p className="note">
            {significanceText(analysis)}, by {analysis.sequential.method}
          </p>
        </>
      )}
    </div>
  );
}
