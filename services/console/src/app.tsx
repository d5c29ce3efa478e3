import { useEffect, useReducer, type ReactNode } from 'react';
import { keepAsking } from './asked.ts';
import { Decisions } from './decisions.tsx';
import { ExperimentView } from './experiment-view.tsx';
import { FirstRun } from './first-run.tsx';
import { formatEventTime, formatTime } from './format.ts';
import { LinkStatus } from './link-status.tsx';
import { followLive } from './live-feed.ts';
import { Loop } from './loop.tsx';
import { changeLoop, emptyLoop } from './loop-state.ts';
import { Messages } from './messages.tsx';
import { totalOf } from './rates.ts';
import { Refusals } from './refusals.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

export function App(): ReactNode {
  const [state, change] = useReducer(changeLoop, emptyLoop);
  useEffect(() => followLive(change), []);
  const { services, link, asked } = state;
  useEffect(() => {
    if (services === undefined || link.state !== 'live') return undefined;
    return keepAsking(services, (answers) => change({ kind: 'asked', asked: answers }));
  }, [services, link.state]);
  const ingestion = state.views['ingestion'];
  const hasEvents = totalOf(ingestion, ['events.received']) > 0;
  return (
    <>
      <header className="top">
        <h1>
          Roofshot <span>the loop, live</span>
        </h1>
        {typeof asked.eventTime === 'number' && (
          <p className="event-time">
            event time <b>{formatEventTime(asked.eventTime)}</b> UTC
          </p>
        )}
        <LinkStatus state={state} />
        <ThemeSwitch />
      </header>
      <main data-link={state.link.state}>
        {state.link.state === 'live' && ingestion !== undefined && !hasEvents && <FirstRun since={ingestion.frame.since} />}
        <Loop state={state} />
        {ingestion !== undefined && (
          <p className="note since">Totals count since the platform started at {formatTime(ingestion.frame.since)}.</p>
        )}
        {asked.experiments?.map((results) => (
          <ExperimentView key={results.experiment} results={results} />
        ))}
        <Refusals refusals={state.refusals} ingestion={ingestion} />
        <div className="pair">
          <Decisions decisions={state.decisions} />
          <Messages messages={state.messages} />
        </div>
      </main>
    </>
  );
}
