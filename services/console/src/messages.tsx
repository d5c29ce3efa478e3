import type { Said } from '@roofshot/contracts/http/live';
import { useState, type ReactNode } from 'react';
import { formatTime } from './format.ts';
import { Scroller } from './scroller.tsx';

/** What moves by itself can be held still. */
export function Messages({ messages }: { readonly messages: readonly Said[] }): ReactNode {
  const [held, hold] = useState<readonly Said[]>();
  const shown = held ?? messages;
  return (
    <section className="messages" aria-labelledby="messages">
      <h2 id="messages">Last messages</h2>
      <button
        type="button"
        className="quiet"
        aria-pressed={held !== undefined}
        onClick={() => hold(held === undefined ? messages : undefined)}
      >
        {held === undefined ? 'Hold' : 'Go on'}
      </button>
      <p className="note">The newest of each type; the topics and queues hold them all.</p>
      {shown.length === 0 ? (
        <p className="empty">No service has said anything yet.</p>
      ) : (
        <Scroller label="Last messages, newest first" things="messages">
          <table>
            <thead>
              <tr>
                <th scope="col">time</th>
                <th scope="col">message</th>
                <th scope="col">about</th>
                <th scope="col">said by</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((said) => (
                <tr key={`${said.service} ${said.at} ${said.seq}`}>
                  <td>
                    <time dateTime={new Date(said.at).toISOString()}>{formatTime(said.at)}</time>
                  </td>
                  <td className="type">
                    {said.type}
                    {said.kind === 'command' && <span className="kind"> command</span>}
                  </td>
                  <td className="subject">{said.subject ?? ''}</td>
                  <td>{said.service}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroller>
      )}
    </section>
  );
}
