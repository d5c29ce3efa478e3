import { useState, type ReactNode } from 'react';
import { formatTime } from './format.ts';

const APPLY = 'npx roofshot apply -f examples/flights';

/** Some seconds of difference between two clocks must not make it an event of the future. */
const AGO_MS = 60_000;

/** One event of the applied example, as any CloudEvents client would send it. */
function sendCommand(origin: string, now: number): string {
  const time = new Date(now - AGO_MS).toISOString();
  const data = { flight: 'first', origin: 'ATL', destination: 'ORD', distance: 606, hour: 9, weekday: 3 };
  const event = {
    specversion: '1.0',
    id: 'first',
    source: '/console',
    type: 'flight.departed',
    subject: 'ATL',
    time,
    knowntime: time,
    data,
  };
  return `curl ${origin}/v1/events -H 'content-type: application/cloudevents+json' -d '${JSON.stringify(event)}'`;
}

/** Until the first event: what to do. */
export function FirstRun({ since }: { readonly since: number }): ReactNode {
  const [send] = useState(() => sendCommand(window.location.origin, Date.now()));
  return (
    <section className="first-run" aria-labelledby="first-run">
      <h2 id="first-run">No events since the platform started at {formatTime(since)}</h2>
      <ol>
        <li>
          <p>Declare what there is: event types, features, models, an experiment.</p>
          <Command text={APPLY} />
        </li>
        <li>
          <p>Send an event. The answer is its verdict: accepted; send it again, and it is a duplicate.</p>
          <Command text={send} />
        </li>
      </ol>
      <p className="note">
        Or stop the platform and see the whole loop on real flights, in some minutes: <code>npm run demo</code>
      </p>
    </section>
  );
}

function Command({ text }: { readonly text: string }): ReactNode {
  const [outcome, tell] = useState('Copy');
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => tell('Copied'),
      () => tell('Select and copy it by hand'),
    );
  };
  return (
    <div className="command">
      <code>{text}</code>
      <button type="button" onClick={copy}>
        {outcome}
      </button>
    </div>
  );
}
