import { useEffect, useReducer, type ReactNode } from 'react';
import { Decisions } from './decisions.tsx';
import { FirstRun } from './first-run.tsx';
import { LinkStatus } from './link-status.tsx';
import { followLive } from './live-feed.ts';
import { Loop } from './loop.tsx';
import { changeLoop, emptyLoop } from './loop-state.ts';
import { Messages } from './messages.tsx';
import { totalOf } from './rates.ts';
import { ThemeSwitch } from './theme-switch.tsx';

export function App(): ReactNode {
  const [state, change] = useReducer(changeLoop, emptyLoop);
  useEffect(() => followLive(change), []);
  const ingestion = state.views['ingestion'];
  const hasEvents = totalOf(ingestion, ['events.received']) > 0;
  return (
    <>
      <header className="top">
        <h1>
          Roofshot <span>the loop, live</span>
        </h1>
        <LinkStatus state={state} />
        <ThemeSwitch />
      </header>
      <main data-link={state.link.state}>
        {state.link.state === 'live' && ingestion !== undefined && !hasEvents && <FirstRun since={ingestion.frame.since} />}
        <Loop state={state} />
        <div className="pair">
          <Decisions decisions={state.decisions} />
          <Messages messages={state.messages} />
        </div>
      </main>
    </>
  );
}
