import type { ReactNode } from 'react';
import { effectOf, stateText } from './experiment-text.ts';
import { formatCount, formatEventTime, formatMilliseconds, formatRate, plural, sentences } from './format.ts';
import type { LoopState, ServiceView } from './loop-state.ts';
import { rateLine, rateOf, totalOf } from './rates.ts';
import { Sparkline } from './sparkline.tsx';
import type { Figure, Stage } from './stages.ts';

interface Condition {
  readonly mark: 'good' | 'waiting' | 'bad' | 'off';
  readonly word: string;
  /** Why it is not ready. */
  readonly detail?: string;
}

export function StageView({ stage, state }: { readonly stage: Stage; readonly state: LoopState }): ReactNode {
  const view = state.views[stage.service];
  const { mark, word, detail } = conditionOf(stage.service, state);
  const { main } = stage;
  return (
    <article className="station" data-mark={mark}>
      <span className="node" aria-hidden="true" />
      <h2>{stage.service}</h2>
      <p className="does">{stage.does}</p>
      <p className="condition">{word}</p>
      {detail !== undefined && <p className="detail">{detail}</p>}
      {view !== undefined && (
        <>
          <p className="main-figure">
            <b>{valueOf(view, main)}</b> <span>{main.kind === 'rate' ? `${main.label}/s` : main.label}</span>
          </p>
          <Sparkline values={rateLine(view, main.metrics)} />
          <dl>
            {view.frame.lag === 0 ? <Row label="no lag" value="" /> : <Row label="lag" value={plural(view.frame.lag, 'record')} />}
            {stage.figures.map((figure) => (
              <Row key={figure.label} label={figure.label} value={valueOf(view, figure)} />
            ))}
            {askedRows(stage.service, state).map(({ label, value }) => (
              <Row key={label} label={label} value={value} />
            ))}
          </dl>
        </>
      )}
    </article>
  );
}

interface RowText {
  readonly label: string;
  readonly value: string;
}

/** What a stage is about, as far as its service was asked. */
function askedRows(service: string, { asked: { eventTime, experiments } }: LoopState): readonly RowText[] {
  if (service === 'features' && typeof eventTime === 'number') return [{ label: 'event time', value: formatEventTime(eventTime) }];
  const [first] = experiments ?? [];
  if (service !== 'experiments' || first === undefined) return [];
  const found = effectOf(first.analysis);
  return [
    { label: 'experiment', value: first.decision?.decision ?? stateText(first) },
    { label: 'effect', value: found?.effect ?? '–' },
    { label: 'interval', value: found?.interval ?? '–' },
  ];
}

function Row({ label, value }: RowText): ReactNode {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function conditionOf(service: string, { link, services, views, unseen }: LoopState): Condition {
  if (services === undefined) return { mark: 'off', word: link.state === 'lost' ? 'unknown' : 'connecting' };
  if (!services.includes(service)) return { mark: 'off', word: 'not started here' };
  const view = views[service];
  if (link.state === 'lost') return { mark: 'off', word: 'last known' };
  if (view === undefined) {
    const reason = unseen[service];
    return reason === undefined ? { mark: 'waiting', word: 'starting' } : { mark: 'bad', word: 'no answer', detail: reason };
  }
  if (view.gone !== undefined) return { mark: 'bad', word: 'no answer', detail: view.gone };
  const { ready, troubles = [] } = view.frame;
  if (ready && troubles.length > 0) return { mark: 'waiting', word: 'ready, troubled', detail: sentences(...troubles) };
  if (ready) return { mark: 'good', word: 'ready' };
  return { mark: 'waiting', word: 'not ready', detail: sentences(`Waits for ${view.frame.waitsFor.join('; ')}`) };
}

function valueOf(view: ServiceView, { kind, metrics }: Figure): string {
  const [metric = ''] = metrics;
  switch (kind) {
    case 'rate':
      return formatRate(rateOf(view, metrics));
    case 'total':
      return formatCount(totalOf(view, metrics));
    case 'gauge':
      return formatCount(view.frame.gauges[metric] ?? 0);
    case 'median': {
      const milliseconds = view.frame.medians[metric];
      return milliseconds === undefined ? '–' : formatMilliseconds(milliseconds);
    }
  }
}
