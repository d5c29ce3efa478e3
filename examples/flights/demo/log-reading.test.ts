import type { FaultSeen } from './fault-day.ts';
import { rollBackOf } from './log-reading.ts';

const FAULT: FaultSeen = {
  fault: 'the store',
  from: '2001-01-29T10:30:00Z',
  to: '2001-01-29T12:00:00Z',
  ageMaxSeconds: 1200,
  isRolledBack: true,
};
const breach = (breachedAt: string, version = 2) => ({
  at: 1000,
  data: {
    experiment: 'e',
    guardrail: 'degraded-vectors',
    deployment: 'd',
    model: 'm',
    version,
    estimate: 0.2,
    bound: 0.1,
    limit: 0.05,
    observations: 100,
    outcomes: 70,
    breachedAt,
    because: 'of its limit',
  },
});
const answer = (at: number, version: number) => ({ at, data: { version } });

describe('a roll-back', () => {
  it('belongs to the fault that was on when its guardrail fired, and lasts until the other version answers', () => {
    const served = [answer(900, 1), answer(1010, 2), answer(1060, 1), answer(1040, 1)];
    expect(rollBackOf(breach('2001-01-29T11:00:00Z'), served, [FAULT])).toEqual({
      fault: 'the store',
      guardrail: 'degraded-vectors',
      outcomesUntilBreach: 70,
      milliseconds: 40,
      featureAgeMaxSeconds: 1200,
    });
  });

  it.each(['2001-01-28T11:00:00Z', '2001-01-29T12:00:00Z'])('at %s, when no fault was on, is called unexpected', (at) => {
    expect(rollBackOf(breach(at), [answer(1010, 1)], [FAULT])).toMatchObject({ fault: 'unexpected', featureAgeMaxSeconds: undefined });
  });

  it('has no end when the other version never answers', () => {
    expect(rollBackOf(breach(FAULT.from), [answer(1010, 2)], [FAULT]).milliseconds).toBe(Number.POSITIVE_INFINITY);
  });
});
