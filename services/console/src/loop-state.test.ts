import type { LiveFrame, Said } from '@roofshot/contracts/http/live';
import { changeLoop, emptyLoop, type LoopState } from './loop-state.ts';

const START = 1_000_000;

function frame(over: Partial<LiveFrame> = {}): LiveFrame {
  const nothing = { totals: {}, gauges: {}, medians: {}, said: [] };
  return { service: 'ingestion', at: START + 1_000, since: START, ready: true, waitsFor: [], lag: 0, ...nothing, ...over };
}

const said = (seq: number, over: Partial<Said> = {}): Said => ({
  seq,
  service: 'ingestion',
  at: START + seq * 100,
  kind: 'event',
  type: 'order.placed',
  ...over,
});

const after = (...frames: LiveFrame[]): LoopState =>
  frames.reduce((state, one) => changeLoop(state, { kind: 'frame', frame: one }), emptyLoop);

test('a reconnected page does not show twice what it knew', () => {
  const decision = said(1, { type: 'model-version.promoted', data: {} });
  const state = after(frame({ said: [decision, said(2)] }), frame({ said: [decision, said(2), said(3)] }));
  expect(state.decisions).toHaveLength(1);
  expect(state.messages.map(({ seq }) => seq)).toEqual([1, 3]);
});

test('a restarted process counts anew: its messages begin at one again and its totals are no rate', () => {
  const restarted = frame({ since: START + 5_000, at: START + 6_000, totals: { x: 1 }, said: [said(1, { at: START + 5_500 })] });
  const state = after(frame({ totals: { x: 900 }, said: [said(7)] }), restarted);
  expect(state.messages).toMatchObject([{ seq: 1 }]);
  expect(state.views['ingestion']?.samples).toEqual([{ at: START + 6_000, totals: { x: 1 } }]);
});

test('a minute of samples is kept', () => {
  const state = after(...Array.from({ length: 90 }, (_, second) => frame({ at: START + second * 1_000 })));
  expect(state.views['ingestion']?.samples).toHaveLength(61);
  expect(state.views['ingestion']?.samples.at(-1)?.at).toBe(START + 89_000);
});

test('messages are the newest of each type, and those that come all the time keep their places', () => {
  const often = [said(51, { type: 'b' }), said(52, { type: 'a' }), said(53, { type: 'b' })];
  const rare = said(1, { type: 'rare' });
  expect(after(frame({ said: [rare, ...often] })).messages.map(({ type, seq }) => `${type} ${seq}`)).toEqual(['a 52', 'b 53', 'rare 1']);
});

test('of refused events the newest of each reason is kept, and none of them is a decision', () => {
  const refused = (seq: number, reason: string): Said => said(seq, { type: 'event.quarantined', data: { reason } });
  const state = after(frame({ said: [refused(1, 'schema'), refused(2, 'unknown-type')] }), frame({ said: [refused(3, 'schema')] }));
  expect(state.refusals.map(({ seq }) => seq)).toEqual([3, 2]);
  expect(state.decisions).toEqual([]);
});

test('what one service answered stays while another does not answer', () => {
  const experiments = [] as const;
  const asked = changeLoop(emptyLoop, { kind: 'asked', asked: { eventTime: START, experiments } });
  expect(changeLoop(asked, { kind: 'asked', asked: { experiments } }).asked).toEqual({ eventTime: START, experiments });
});

test('decisions are newest first, whichever service told first', () => {
  const early = said(4, { service: 'registry', data: {}, at: START + 1 });
  const late = said(9, { data: {}, at: START + 2 });
  const state = after(frame({ said: [late] }), frame({ service: 'registry', said: [early] }));
  expect(state.decisions.map(({ seq }) => seq)).toEqual([9, 4]);
});

test('a service that is gone keeps its last known state until it is back', () => {
  const gone = { service: 'ingestion', at: START, reason: 'It does not answer.' };
  const without = changeLoop(after(frame({ lag: 3 })), { kind: 'gone', gone });
  expect(without.views['ingestion']).toMatchObject({ gone: 'It does not answer.', frame: { lag: 3 } });
  const back = changeLoop(without, { kind: 'frame', frame: frame({ since: START + 9_000 }) });
  expect(back.views['ingestion']?.gone).toBeUndefined();
  expect(changeLoop(emptyLoop, { kind: 'gone', gone }).unseen).toEqual({ ingestion: 'It does not answer.' });
});

test('the time of a lost connection is that of its first loss', () => {
  const lost = changeLoop(changeLoop(emptyLoop, { kind: 'lost', at: 5 }), { kind: 'lost', at: 9 });
  expect(lost.link).toEqual({ state: 'lost', since: 5 });
  expect(changeLoop(lost, { kind: 'connected' }).link).toEqual({ state: 'live' });
});
