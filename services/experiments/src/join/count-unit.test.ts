import { costPerFlight, DAY, HOUR, MINUTE, MONDAY } from '../../test/lab.ts';
import { countedFor } from './count-unit.ts';
import type { Answer, Exposure, Fact, OutcomeFact, ShadowAnswer } from './facts.ts';
import { compileScope, type Scope } from './scope.ts';
import { learn, MOST_CANDIDATES, NOTHING, type UnitState } from './unit-state.ts';
import { DEPLOYMENT } from '../../test/lab.ts';

const METRIC = 'cost-per-flight';
const metrics = [{ name: METRIC, spec: costPerFlight }];
const tiling = { origin: MONDAY, width: HOUR };
const common = { experiment: 'e', deployment: DEPLOYMENT, metrics, tiling };
const phase = compileScope(1, { kind: 'phase', phase: 1, startedAt: MONDAY, endsAt: MONDAY + 7 * DAY, ...common });
const probation = compileScope(2, { kind: 'probation', version: 2, shadowAlias: 'shadow', ...common });

const noon = MONDAY + 12 * HOUR;
const exposure = (id: string, at: number, variant = 'treatment'): Exposure => ({ kind: 'exposure', id, at, variant });
const answer = (id: string, at: number, decision = 'warn'): Answer => ({
  kind: 'answer',
  id,
  at,
  decision,
  score: 0.3,
  degraded: false,
  covariate: 0.5,
});
const shadow = (id: string, at: number, decision = 'none', version = 1): ShadowAnswer => ({
  kind: 'shadow',
  id,
  at,
  decision,
  version,
  score: 0.1,
});
const outcome = (id: string, at: number, delay: number): OutcomeFact => ({ kind: 'outcome', id, at, metric: METRIC, data: { delay } });

/** One fact after the other, as batches of one would bring them. */
function after(scope: Scope, facts: readonly Fact[]): UnitState {
  return facts.reduce<UnitState>((state, fact) => {
    const { state: next, entries } = countedFor(scope, learn(state, fact));
    return { ...next, counted: entries };
  }, NOTHING);
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

const valueEntry = (at: number, y: number): object => ({ s: 'value:treatment', at, y, x: 0.5 });

describe('in a phase', () => {
  const facts = [exposure('p', noon), answer('p', noon), outcome('late', noon + HOUR, 40)];

  test('a unit counts when exposure, answer and outcome have met, whatever their order', () => {
    for (const order of permutations(facts)) {
      expect(after(phase, order).counted).toEqual([
        { s: 'exposed:treatment', at: noon },
        { s: 'valued:treatment', at: noon },
        valueEntry(noon + HOUR, 0),
      ]);
    }
  });

  test('before the outcome it is exposed and no more', () => {
    expect(after(phase, [exposure('p', noon), answer('p', noon)]).counted).toEqual([{ s: 'exposed:treatment', at: noon }]);
    expect(after(phase, [answer('p', noon), outcome('o', noon + HOUR, 40)]).counted).toEqual([]);
  });

  test('what is heard twice changes nothing', () => {
    const once = after(phase, facts);
    expect(after(phase, [...facts, ...facts, ...facts])).toEqual(once);
  });

  test('a question asked again under its id, which is logged again, counts as it was answered first', () => {
    const again = [exposure('p', noon + MINUTE), answer('p', noon + MINUTE, 'none')];
    const [exposed, answered, landed] = facts as [Fact, Fact, Fact];
    const once = after(phase, facts).counted;
    expect(after(phase, [exposed, answered, ...again, landed]).counted).toEqual(once);
    expect(after(phase, [exposed, answered, landed, ...again]).counted).toEqual(once);
    expect(after(phase, [landed, answered, ...again, exposed]).counted).toEqual(once);
  });

  test('of several outcomes the first after the answer counts, in every order of arrival', () => {
    const several = [
      exposure('p', noon),
      answer('p', noon),
      outcome('before', noon - MINUTE, 40),
      outcome('second', noon + 2 * HOUR, 40),
      outcome('first', noon + HOUR, 0),
    ];
    for (const order of permutations(several)) expect(after(phase, order).counted.at(-1)).toEqual(valueEntry(noon + HOUR, 1));
  });

  test('an outcome at the very end of its window counts, a later one does not', () => {
    const met = [exposure('p', noon), answer('p', noon)];
    expect(after(phase, [...met, outcome('o', noon + 12 * HOUR, 0)]).counted).toHaveLength(3);
    expect(after(phase, [...met, outcome('o', noon + 12 * HOUR + 1, 0)]).counted).toHaveLength(1);
  });

  test('of several answers the one of the first exposure counts, in every order of arrival', () => {
    const repeated = [
      exposure('first', noon),
      exposure('again', noon + HOUR),
      answer('first', noon, 'warn'),
      answer('again', noon + HOUR, 'none'),
      answer('unexposed', noon - HOUR, 'none'),
      outcome('o', noon + 2 * HOUR, 40),
    ];
    for (const order of permutations(repeated)) {
      expect(after(phase, order).counted).toEqual([
        { s: 'exposed:treatment', at: noon },
        { s: 'valued:treatment', at: noon },
        valueEntry(noon + 2 * HOUR, 0),
      ]);
    }
  });

  test('a unit that met two variants counts for neither, and is told', () => {
    for (const order of permutations([...facts, exposure('q', noon + HOUR, 'control')])) {
      expect(after(phase, order).counted).toEqual([{ s: 'excluded:treatment', at: noon }]);
    }
  });

  test('an outcome from which the metric cannot be told leaves the unit missing', () => {
    const unknown: OutcomeFact = { kind: 'outcome', id: 'o', at: noon + HOUR, metric: METRIC, data: {} };
    expect(after(phase, [exposure('p', noon), answer('p', noon), unknown]).counted).toEqual([{ s: 'exposed:treatment', at: noon }]);
  });

  test('a unit of which too much is heard keeps the newest', () => {
    const many = Array.from({ length: MOST_CANDIDATES + 50 }, (_, index) => outcome(`o${index}`, noon + index * MINUTE, 40));
    const { outcomes } = after(phase, many);
    expect(outcomes).toHaveLength(MOST_CANDIDATES);
    expect(outcomes.at(-1)?.id).toBe(`o${MOST_CANDIDATES + 49}`);
  });
});

describe('on probation', () => {
  const facts = [answer('p', noon, 'warn'), shadow('p', noon, 'none'), outcome('o', noon + HOUR, 40)];

  test('a unit brings its difference to the shadow, whatever the order', () => {
    for (const order of permutations(facts)) {
      expect(after(probation, order).counted).toEqual([
        { s: 'served', at: noon, y: 0 },
        { s: 'outcome', at: noon + HOUR },
        // Warned rightly: 0; the shadow would have missed it: 4.
        { s: `paired:${METRIC}`, at: noon + HOUR, y: -4 },
      ]);
    }
  });

  test('a question asked again under its id brings its first difference once, whenever its shadow answered', () => {
    const [answered, shadowed, landed] = facts as [Fact, Fact, Fact];
    const again = [answer('p', noon + MINUTE, 'none'), shadow('p', noon + MINUTE, 'warn')];
    const once = after(probation, facts).counted;
    expect(after(probation, [answered, shadowed, ...again, landed]).counted).toEqual(once);
    expect(after(probation, [answered, shadowed, landed, ...again]).counted).toEqual(once);
    expect(after(probation, [answered, ...again.slice(0, 1), shadowed, ...again.slice(1), landed]).counted).toEqual(once);
  });

  test('where more is better the difference is turned round, so that above 0 is always worse', () => {
    const increase = compileScope(3, { ...probation.spec, metrics: [{ name: METRIC, spec: { ...costPerFlight, direction: 'increase' } }] });
    expect(after(increase, facts).counted.at(-1)).toEqual({ s: `paired:${METRIC}`, at: noon + HOUR, y: 4 });
  });

  test('only the first answer of a unit counts', () => {
    const repeated = [...facts, answer('q', noon + MINUTE, 'none'), shadow('q', noon + MINUTE, 'warn')];
    for (const order of permutations(repeated)) {
      expect(after(probation, order).counted.at(-1)).toEqual({ s: `paired:${METRIC}`, at: noon + HOUR, y: -4 });
    }
  });

  test('without a shadow there is no pair, but the answer and its outcome are known', () => {
    expect(after(probation, [answer('p', noon), outcome('o', noon + HOUR, 0)]).counted).toEqual([
      { s: 'served', at: noon, y: 0 },
      { s: 'outcome', at: noon + HOUR },
    ]);
  });

  test('a degraded answer counts 1', () => {
    expect(after(probation, [{ ...answer('p', noon), degraded: true }]).counted).toEqual([{ s: 'served', at: noon, y: 1 }]);
  });
});
