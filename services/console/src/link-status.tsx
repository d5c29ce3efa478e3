import type { ReactNode } from 'react';
import { formatTime } from './format.ts';
import type { LoopState } from './loop-state.ts';

/** Read out when it changes: the connection, and who is not ready. */
export function LinkStatus({ state }: { readonly state: LoopState }): ReactNode {
  const { mark, text } = statusOf(state);
  return (
    <p className="link" role="status" data-mark={mark}>
      <span className="dot" aria-hidden="true" />
      {text}
    </p>
  );
}

function statusOf({ link, services = [], views }: LoopState): { readonly mark: 'good' | 'waiting' | 'bad'; readonly text: string } {
  if (link.state === 'connecting') return { mark: 'waiting', text: 'Connecting' };
  if (link.state === 'lost') return { mark: 'bad', text: `Connection lost at ${formatTime(link.since)}. Trying again` };
  const waiting = services.filter((service) => views[service]?.frame.ready !== true || views[service].gone !== undefined);
  if (waiting.length === 0)
    return { mark: 'good', text: `Live, ${services.length === 1 ? 'one service' : `all ${services.length} services`} ready` };
  return { mark: 'waiting', text: `Live, waiting for ${waiting.join(', ')}` };
}
