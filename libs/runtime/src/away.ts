/** Faults that pass: a server is away, or has no room. They are no fault of the caller, who may ask again. */

/** What the caller is told: what happened, why where it is known, and what to do. */
export interface Away {
  readonly code: 'unavailable' | 'storage-full';
  readonly detail: string;
}

const DISK_CODES = new Set(['ENOSPC', 'EDQUOT']);
const DISK_FULL_STATE = '53100';
/** Deeper chains of causes do not occur. */
const MAX_CAUSES = 10;

const UNCHANGED = 'Nothing was changed; try again.';

const FULL: Away = {
  code: 'storage-full',
  detail:
    'The disk that holds the data is full, so nothing of this was stored. Free some space on it, then send the request again; what was stored before is safe.',
};

/** Looks through the causes of a failure, by names and codes, since libraries may be loaded twice; undefined when it does not pass by itself. */
export function awayOf(error: unknown): Away | undefined {
  let one = error;
  for (let depth = 0; depth < MAX_CAUSES && typeof one === 'object' && one !== null; depth += 1) {
    const away = describeOne(one);
    if (away !== undefined) return away;
    one = Reflect.get(one, 'cause');
  }
  return undefined;
}

/** What a server said that refuses the platform a right that it needs, with the remedy: no fault of the caller, and it does not pass. */
export function refusalOf(error: unknown): string | undefined {
  let one = error;
  for (let depth = 0; depth < MAX_CAUSES && typeof one === 'object' && one !== null; depth += 1) {
    if (one instanceof Error && one.name === 'ServerRefusal') return one.message;
    one = Reflect.get(one, 'cause');
  }
  return undefined;
}

function describeOne(error: object): Away | undefined {
  const { name, code, sqlState, detail } = error as { name?: unknown; code?: unknown; sqlState?: unknown; detail?: unknown };
  if (typeof code === 'string' && DISK_CODES.has(code)) return FULL;
  if (name === 'LostConnection') return describeLost(error);
  if (name !== 'OutOfRoom') return undefined;
  const isDisk = sqlState === DISK_FULL_STATE;
  if (typeof detail === 'string') return { code: isDisk ? 'storage-full' : 'unavailable', detail: `${detail} ${UNCHANGED}` };
  if (isDisk) return FULL;
  return { code: 'unavailable', detail: `The database has no room for more work at the moment. ${UNCHANGED}` };
}

function describeLost(error: object): Away {
  const { outcome, why, server } = error as { outcome?: unknown; why?: unknown; server?: unknown };
  const subject = typeof server === 'string' ? server : 'The database';
  const reason = typeof why === 'string' && why !== '' ? ` ${why}` : '';
  const fate =
    outcome === 'unknown'
      ? 'It went away while the work was being stored, so that may be done or not: look before you repeat what has no id of its own.'
      : UNCHANGED;
  return { code: 'unavailable', detail: `${subject} does not answer at the moment.${reason} ${fate}` };
}
