import { keyShuffle } from './fault-day.ts';

const QUESTION = { unit: 'u', entities: { origin: 'AAA', destination: 'BBB' }, context: { hour: 7 }, asOf: '2001-01-29T13:00:00Z' };

const AIRPORTS = ['AAA', 'BBB', 'CCC', 'DDD'];

describe('the mix-up of keys', () => {
  it('asks for two different airports, and changes nothing else', () => {
    const shuffle = keyShuffle(AIRPORTS);
    const asked = Array.from({ length: 400 }, () => shuffle(QUESTION));
    for (const { entities, ...rest } of asked) {
      expect({ ...rest, entities: QUESTION.entities }).toEqual(QUESTION);
      expect(entities?.['origin']).not.toBe(entities?.['destination']);
    }
    expect(new Set(asked.map(({ entities }) => entities?.['origin']))).toEqual(new Set(AIRPORTS));
    expect(new Set(asked.map(({ entities }) => entities?.['destination']))).toEqual(new Set(AIRPORTS));
  });

  it('is the same in every run', () => {
    const draw = (): unknown[] => {
      const shuffle = keyShuffle(AIRPORTS);
      return Array.from({ length: 20 }, () => shuffle(QUESTION).entities);
    };
    expect(draw()).toEqual(draw());
  });
});
