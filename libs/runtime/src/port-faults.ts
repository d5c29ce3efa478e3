import { awayOf } from './away.ts';

/** The keys that lead to servers. */
export type PortKey = (typeof KEYS)[number];
const KEYS = ['SQL_URL', 'EVENTS_URL', 'COMMANDS_URL', 'ONLINE_URL', 'OBJECTS_URL', 'ELASTICSEARCH_URL'] as const;

/** Why a port cannot be opened. */
export interface PortFault {
  readonly key: PortKey;
  /** Begins with the key, ends with the remedy. */
  readonly sentence: string;
  /** The server does not answer, which passes by itself; anything else (a login, a right, a version) does not. */
  readonly isAway: boolean;
  readonly error: unknown;
}

export function portFault(key: PortKey, error: unknown): PortFault {
  const said = error instanceof Error ? error.message : String(error);
  const sentence = said.startsWith(`${key} `) ? said : `${key}: ${said.replaceAll(` (${key})`, '')}`;
  return { key, sentence, isAway: awayOf(error)?.code === 'unavailable', error };
}

/** Ports that could not be opened: all of them, since each is tried whatever the others do. */
export class PortFaults extends Error {
  override readonly name = 'PortFaults';
  readonly faults: readonly PortFault[];

  constructor(faults: readonly PortFault[]) {
    const told = withoutRepetitions(faults);
    super(messageOf(told), { cause: told[0]?.error });
    this.faults = told;
  }

  /** Whether waiting may help. */
  get allAway(): boolean {
    return this.faults.every(({ isAway }) => isAway);
  }
}

/** In the order of the keys. */
function withoutRepetitions(faults: readonly PortFault[]): PortFault[] {
  return KEYS.flatMap((key) => [...new Map(faults.filter((fault) => fault.key === key).map((fault) => [fault.sentence, fault])).values()]);
}

function messageOf(faults: readonly PortFault[]): string {
  const [first, ...others] = faults;
  if (first !== undefined && others.length === 0) return first.sentence;
  const [away, wrong] = [faults.filter(({ isAway }) => isAway), faults.filter(({ isAway }) => !isAway)];
  const awaited =
    wrong.length === 0
      ? 'These servers do not answer; nothing was started:'
      : 'These do not answer either, and would have been waited for:';
  return [
    ...(wrong.length === 0 ? [] : ['These servers cannot be used as they are set up; nothing was started. Correct:', ...indented(wrong)]),
    ...(away.length === 0 ? [] : [awaited, ...indented(away)]),
  ].join('\n');
}

const indented = (faults: readonly PortFault[]): string[] => faults.map(({ sentence }) => `  ${sentence}`);
