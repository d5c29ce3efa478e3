import { keyShuffle } from './fault-day.ts';

const QUESTION = { unit: 'u', entities: { origin: 'AAA', destination: 'BBB' }, context: { hour: 7 }, asOf: '2001-01-29T13:00:00Z' };

const route = (text: string): { origin: string; destination: string } => ({ origin: text.slice(0, 3), destination: text.slice(4) });
const FLOWN = ['AAA-BBB', 'BBB-CCC', 'CCC-AAA', 'DDD-AAA'].map(route);

describe('the mix-up of keys', () => {
  it('asks for other routes that are flown, and changes nothing else', () => {
    const shuffle = keyShuffle(FLOWN);
    const asked = Array.from({ length: 400 }, () => shuffle(QUESTION));
    for (const { entities: _, ...rest } of asked) expect({ ...rest, entities: QUESTION.entities }).toEqual(QUESTION);
    const routes = new Set(asked.map(({ entities }) => `${entities['origin']}-${entities['destination']}`));
    expect([...routes].toSorted()).toEqual(['BBB-CCC', 'CCC-AAA', 'DDD-AAA']);
  });

  it('is the same in every run', () => {
    const draw = (): unknown[] => {
      const shuffle = keyShuffle(FLOWN);
      return Array.from({ length: 20 }, () => shuffle(QUESTION).entities);
    };
    expect(draw()).toEqual(draw());
  });

  it.each([0, 1])('is refused with %d routes', (count) => {
    expect(() => keyShuffle(FLOWN.slice(0, count))).toThrow(/less than two routes/);
  });
});
