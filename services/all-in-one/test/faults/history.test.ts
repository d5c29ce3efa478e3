/** A checker that finds nothing is worth nothing: each fault is made by hand here, and must be found. */
import { History, sumOf, type Send } from './history.ts';

const send = (key: string, number: number): Send => ({ key, id: `${key}-${number}` });
const SENDS = [send('a', 0), send('b', 0), send('a', 1), send('a', 2), send('b', 1)];

function acknowledgedHistory(): History {
  const history = new History();
  for (const one of SENDS) {
    history.sends(one);
    history.acknowledges(one);
  }
  return history;
}

const CLEAN = { sent: 5, acknowledged: 5, observed: 5, lost: 0, doubled: 0, outOfOrder: 0 };

describe('a history in which all went well', () => {
  it('is clean, however the effects of different keys are mixed', () => {
    const mixed = [send('b', 0), send('b', 1), send('a', 0), send('a', 1), send('a', 2)];
    expect(acknowledgedHistory().judge(SENDS)).toEqual(CLEAN);
    expect(acknowledgedHistory().judge(mixed)).toEqual(CLEAN);
  });

  it('may show an effect of what was sent and never acknowledged, once', () => {
    const history = acknowledgedHistory();
    history.sends(send('c', 0));
    expect(history.judge(SENDS)).toEqual({ ...CLEAN, sent: 6 });
    expect(history.judge([...SENDS, send('c', 0)])).toEqual({ ...CLEAN, sent: 6, observed: 6 });
  });

  it('counts what is sent again until it is acknowledged as one send', () => {
    const history = acknowledgedHistory();
    history.sends(send('a', 2));
    expect(history.judge(SENDS)).toEqual(CLEAN);
  });
});

describe('a history with a fault', () => {
  it('tells an acknowledged send without effect', () => {
    expect(acknowledgedHistory().judge(SENDS.slice(1))).toEqual({ ...CLEAN, observed: 4, lost: 1 });
  });

  it('tells an effect that came twice, also of what was never acknowledged', () => {
    const history = acknowledgedHistory();
    history.sends(send('c', 0));
    expect(history.judge([...SENDS, send('a', 2)])).toMatchObject({ lost: 0, doubled: 1 });
    expect(history.judge([...SENDS, send('c', 0), send('c', 0)])).toMatchObject({ lost: 0, doubled: 1 });
  });

  it('tells an effect that nobody has sent for', () => {
    expect(acknowledgedHistory().judge([...SENDS, send('z', 0)])).toEqual({ ...CLEAN, doubled: 1 });
  });

  it('tells each effect that came behind one of a later send of its key', () => {
    const swapped = [send('a', 2), send('b', 0), send('a', 0), send('a', 1), send('b', 1)];
    expect(acknowledgedHistory().judge(swapped)).toEqual({ ...CLEAN, outOfOrder: 2 });
  });
});

describe('effects that can only be counted', () => {
  const counts = (a: number, b: number): Map<string, number> => new Map(Object.entries({ a, b }));

  it('are clean when each key has as many as were acknowledged', () => {
    expect(acknowledgedHistory().judgeCounts(counts(3, 2))).toEqual(CLEAN);
  });

  it('are lost and doubled by key: one too many does not hide one too few', () => {
    expect(acknowledgedHistory().judgeCounts(counts(4, 1))).toEqual({ ...CLEAN, observed: 4, lost: 1, doubled: 1 });
    expect(acknowledgedHistory().judgeCounts(new Map([...counts(3, 2), ['z', 1]]))).toEqual({ ...CLEAN, doubled: 1 });
  });
});

test('the faults of several kinds of effects add up', () => {
  const lost = acknowledgedHistory().judge(SENDS.slice(2));
  const doubled = acknowledgedHistory().judge([...SENDS, send('b', 1)]);
  expect(sumOf([lost, doubled])).toEqual({ sent: 10, acknowledged: 10, observed: 8, lost: 2, doubled: 1, outOfOrder: 0 });
});
