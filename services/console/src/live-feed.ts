import type { LiveFrame, LiveGone, LiveServices } from '@roofshot/contracts/http/live';
import type { LoopChange } from './loop-state.ts';

/** The door says something every two seconds; after this silence the connection counts as lost. */
const SILENCE_MS = 6_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 5_000;

/** Follows `/live` and connects again for as long as it takes. Answers how to leave. */
export function followLive(tell: (change: LoopChange) => void): () => void {
  let source: EventSource | undefined;
  let timer: number | undefined;
  let tries = 0;

  const connect = (): void => {
    source = new EventSource('/live');
    source.onmessage = ({ data }: MessageEvent<string>) => hear({ kind: 'frame', frame: JSON.parse(data) as LiveFrame });
    source.addEventListener('alive', () => hear({ kind: 'connected' }));
    source.addEventListener('services', ({ data }) => {
      hear({ kind: 'connected' });
      hear({ kind: 'services', services: (JSON.parse(data as string) as LiveServices).services });
    });
    source.addEventListener('gone', ({ data }) => hear({ kind: 'gone', gone: JSON.parse(data as string) as LiveGone }));
    source.onerror = lose;
    expectSoon();
  };
  const hear = (change: LoopChange): void => {
    tries = 0;
    expectSoon();
    tell(change);
  };
  const expectSoon = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(lose, SILENCE_MS);
  };
  // The browser's own way of connecting again gives up on some answers and never notices silence.
  const lose = (): void => {
    source?.close();
    tell({ kind: 'lost', at: Date.now() });
    window.clearTimeout(timer);
    timer = window.setTimeout(connect, retryAfter(tries));
    tries += 1;
  };

  connect();
  return () => {
    window.clearTimeout(timer);
    source?.close();
  };
}

/** Milliseconds until the next attempt: doubling, with a random part so that many pages do not come back at once. */
export function retryAfter(tries: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** tries);
  return longest / 2 + (longest / 2) * random();
}
