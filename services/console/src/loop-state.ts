/** What the page knows, and how each message of the feed changes it. No clock and no browser in here. */
import type { LiveFrame, LiveGone, LiveServices, Said } from '@roofshot/contracts/http/live';
import type { Asked } from './asked.ts';

/** One reading of a service's counters. */
export interface Sample {
  readonly at: number;
  readonly totals: Readonly<Record<string, number>>;
}

export interface ServiceView {
  /** The newest frame; kept while the service is gone, as its last known state. */
  readonly frame: LiveFrame;
  /** Of this run of its process, oldest first. */
  readonly samples: readonly Sample[];
  /** The number of the last message that it said, as far as the page knows. */
  readonly lastSeq: number;
  /** Why it does not answer, while it does not. */
  readonly gone?: string;
}

/** `connecting`: never connected yet. */
export type Link = { readonly state: 'connecting' | 'live' } | { readonly state: 'lost'; readonly since: number };

export interface LoopState {
  readonly link: Link;
  /** Those that the door knows; undefined before it said so. */
  readonly services: readonly string[] | undefined;
  readonly views: Readonly<Record<string, ServiceView>>;
  /** Why a service that never answered does not. */
  readonly unseen: Readonly<Record<string, string>>;
  /** Newest first. */
  readonly decisions: readonly Said[];
  /** The newest of each type and service; see `calmly`. */
  readonly messages: readonly Said[];
  /** The newest event of each reason for which events were not accepted, newest first. */
  readonly refusals: readonly Said[];
  /** What the services answered last. */
  readonly asked: Asked;
}

export type LoopChange =
  | { readonly kind: 'frame'; readonly frame: LiveFrame }
  | { readonly kind: 'gone'; readonly gone: LiveGone }
  | { readonly kind: 'services'; readonly services: LiveServices['services'] }
  | { readonly kind: 'asked'; readonly asked: Asked }
  | { readonly kind: 'connected' }
  | { readonly kind: 'lost'; readonly at: number };

/** A minute of frames, for rates and their lines. */
const SAMPLES = 61;
const DECISIONS = 50;
const MESSAGES = 40;
const CALM_MS = 5_000;

export const emptyLoop: LoopState = {
  link: { state: 'connecting' },
  services: undefined,
  views: {},
  unseen: {},
  decisions: [],
  messages: [],
  refusals: [],
  asked: {},
};

export function changeLoop(state: LoopState, change: LoopChange): LoopState {
  switch (change.kind) {
    case 'connected':
      return { ...state, link: { state: 'live' } };
    case 'lost':
      return state.link.state === 'lost' ? state : { ...state, link: { state: 'lost', since: change.at } };
    case 'services':
      return { ...state, services: change.services };
    case 'gone':
      return withGone(state, change.gone);
    case 'asked':
      return { ...state, asked: { ...state.asked, ...change.asked } };
    case 'frame':
      return withFrame(state, change.frame);
  }
}

function withGone(state: LoopState, { service, reason }: LiveGone): LoopState {
  const view = state.views[service];
  if (view === undefined) return { ...state, unseen: { ...state.unseen, [service]: reason } };
  return { ...state, views: { ...state.views, [service]: { ...view, gone: reason } } };
}

function withFrame(state: LoopState, frame: LiveFrame): LoopState {
  const known = state.views[frame.service];
  const before = known?.frame.since === frame.since ? known : undefined; // a new process counts from zero
  const samples = [...(before?.samples ?? []), { at: frame.at, totals: frame.totals }].slice(-SAMPLES);
  // After a lost connection the first frame tells again what the page has already.
  const said = frame.said.filter(({ seq }) => seq > (before?.lastSeq ?? 0));
  const lastSeq = Math.max(before?.lastSeq ?? 0, ...said.map(({ seq }) => seq));
  return {
    ...state,
    views: { ...state.views, [frame.service]: { frame, samples, lastSeq } },
    decisions: newestFirst(state.decisions, said.filter(isDecision), DECISIONS),
    messages: newestOfEachType(state.messages, said),
    refusals: newestOfEachReason(state.refusals, said.filter(isRefusal)),
  };
}

const REFUSALS: readonly string[] = ['event.quarantined', 'event.late'];
/** The feed gives data to decisions and refused events alone. */
const isRefusal = ({ type, data }: Said): boolean => data !== undefined && REFUSALS.includes(type);
const isDecision = (said: Said): boolean => said.data !== undefined && !isRefusal(said);

function newestOfEachReason(known: readonly Said[], added: readonly Said[]): readonly Said[] {
  if (added.length === 0) return known;
  const newest = new Map([...known.toReversed(), ...added].map((one) => [String(one.data?.['reason']), one]));
  return [...newest.values()].sort((a, b) => b.at - a.at || b.seq - a.seq);
}

function newestOfEachType(known: readonly Said[], added: readonly Said[]): readonly Said[] {
  if (added.length === 0) return known;
  const newest = new Map([...known, ...added].map((one) => [nameOf(one), one]));
  return [...newest.values()].sort(calmly).slice(0, MESSAGES);
}

const nameOf = ({ service, kind, type }: Said): string => `${service} ${kind} ${type}`;

/** Newest first, but what is said all the time keeps its place among its like: rows that jump every second cannot be read. */
function calmly(a: Said, b: Said): number {
  return Math.floor(b.at / CALM_MS) - Math.floor(a.at / CALM_MS) || nameOf(a).localeCompare(nameOf(b));
}

function newestFirst(known: readonly Said[], added: readonly Said[], most: number): readonly Said[] {
  if (added.length === 0) return known;
  return [...known, ...added].sort((a, b) => b.at - a.at || b.seq - a.seq).slice(0, most);
}
