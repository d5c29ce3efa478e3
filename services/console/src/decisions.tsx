import type { Said } from '@roofshot/contracts/http/live';
import type { ReactNode } from 'react';
import { decisionText } from './decision-text.ts';
import { formatEventTime, formatTime } from './format.ts';
import { Scroller } from './scroller.tsx';

/** What the loop decided, by whom and why. */
export function Decisions({ decisions }: { readonly decisions: readonly Said[] }): ReactNode {
  return (
    <section className="decisions" aria-labelledby="decisions">
      <h2 id="decisions">Decisions</h2>
      {decisions.length === 0 ? (
        <p className="empty">
          None since the platform started. A trained, refused or promoted version, a started or decided experiment and a breached guardrail
          appear here.
        </p>
      ) : (
        <Scroller label="Decisions, newest first" things="decisions">
          <ol>
            {decisions.map((said) => (
              <Decision key={`${said.service} ${said.at} ${said.seq}`} said={said} />
            ))}
          </ol>
        </Scroller>
      )}
    </section>
  );
}

function Decision({ said }: { readonly said: Said }): ReactNode {
  const { what, who, why, mark, eventTime } = decisionText(said);
  return (
    <li className="decision" data-type={said.type}>
      <time dateTime={new Date(said.at).toISOString()}>{formatTime(said.at)}</time>
      <div>
        <p className="what">
          {what}
          {mark !== undefined && <span className="mark">{mark}</span>}
        </p>
        <p className="why">
          by {who}
          {why !== '' && `: ${why}`}
        </p>
        {eventTime !== undefined && <p className="id">event time {formatEventTime(eventTime)}</p>}
        {said.correlationId !== undefined && <p className="id">correlation id {said.correlationId}</p>}
      </div>
    </li>
  );
}
