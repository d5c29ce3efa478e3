/** A progress line: event time, events per second, the lag of those that have some. One line that is rewritten on a terminal, a line per event day elsewhere. */
import { iso } from './calendar.ts';

export interface Progress {
  chapter(title: string): void;
  /** Event time has reached `time` (epoch ms). */
  at(time: number): void;
  done(): void;
}

export interface ProgressSource {
  readonly events: () => number;
  /** Service → records on the log that it has not applied; asked at most once a second. */
  readonly lag: () => Promise<Readonly<Record<string, number | null>>>;
}

const EVERY_MS = 1000;

export function showProgress(source: ProgressSource, write: (text: string) => void, terminal: boolean): Progress {
  let title = '';
  let shownAt = 0;
  let eventsThen = 0;
  let lag = '';
  const line = (time: number): string => {
    const now = performance.now();
    const rate = Math.round(((source.events() - eventsThen) * 1000) / Math.max(1, now - shownAt));
    shownAt = now;
    eventsThen = source.events();
    return `  ${iso(time).slice(0, 16).replace('T', ' ')}  ${String(rate).padStart(6)} events/s  ${lag}`.trimEnd();
  };
  const refreshLag = async (): Promise<void> => {
    const lags = await source.lag();
    lag = Object.entries(lags)
      .filter(([, value]) => value !== null && value > 0)
      .map(([name, value]) => `${name} ${value?.toLocaleString('en')}`)
      .join(', ');
    lag = lag === '' ? 'no lag' : `lag ${lag}`;
  };
  return {
    chapter: (next) => {
      if (terminal && title !== '') write('\n');
      title = next;
      write(`${next}\n`);
    },
    at: (time) => {
      if (performance.now() - shownAt < EVERY_MS * (terminal ? 1 : 10)) return;
      // The lag of the last look is shown: the replay never waits for its own display.
      refreshLag().catch((error: unknown) => {
        lag = `lag unknown (${error instanceof Error ? error.message : String(error)})`;
      });
      write(terminal ? `\r${line(time).padEnd(100)}` : `${line(time)}\n`);
    },
    done: () => {
      if (terminal) write('\n');
    },
  };
}
