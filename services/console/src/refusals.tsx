import type { Said } from '@roofshot/contracts/http/live';
import type { ReactNode } from 'react';
import { formatCount, formatTime, plural } from './format.ts';
import { reasonsIn } from './refusal-reasons.ts';
import type { ServiceView } from './loop-state.ts';

/** Why events were not accepted: the newest of each reason. Nothing where none was refused. */
export function Refusals({
  refusals,
  ingestion,
}: {
  readonly refusals: readonly Said[];
  readonly ingestion: ServiceView | undefined;
}): ReactNode {
  const reasons = reasonsIn(ingestion?.frame.totals ?? {}, refusals);
  if (reasons.length === 0) return null;
  const count = reasons.reduce((sum, reason) => sum + reason.count, 0);
  return (
    <section className="refusals" aria-labelledby="refusals">
      <h2 id="refusals">{plural(count, 'event')} not accepted</h2>
      <p className="note">
        The newest of each reason. All lie on the topic events-refused.v1 as they were sent, to be corrected and sent again.
      </p>
      <ul>
        {reasons.map(({ reason, count: times, newest }) => (
          <li key={reason}>
            <b>{formatCount(times)}</b>
            <div>
              <p className="what">{reason}</p>
              {newest !== undefined && (
                <p className="why">
                  <time dateTime={new Date(newest.at).toISOString()}>{formatTime(newest.at)}</time> {newest.eventType}
                  {newest.path !== '' && <code> {newest.path}</code>}: {newest.detail}
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
