/** From the least to the most severe; `silent` is a threshold only. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export type LogThreshold = (typeof LOG_LEVELS)[number];
export type LogLevel = Exclude<LogThreshold, 'silent'>;

const RANK = Object.fromEntries(LOG_LEVELS.map((level, rank) => [level, rank])) as Record<LogThreshold, number>;

/** Whether a line of `level` passes a logger whose threshold is `threshold`. */
export function isEnabled(level: LogLevel, threshold: LogThreshold): boolean {
  return RANK[level] >= RANK[threshold];
}

/** Reads LOG_LEVEL, in any case; absent or empty means `info`. Throws with the list of levels for anything else. */
export function parseLogLevel(text: string | undefined): LogThreshold {
  if (text === undefined || text === '') return 'info';
  const level = LOG_LEVELS.find((candidate) => candidate === text.toLowerCase());
  if (level === undefined) throw new Error(`LOG_LEVEL is "${text}", which is no log level. Set it to one of ${LOG_LEVELS.join(', ')}.`);
  return level;
}
