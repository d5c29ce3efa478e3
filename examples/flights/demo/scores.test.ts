import { areaUnderCurve, meanCost } from './scores.ts';

describe('scores of a replay', () => {
  it('have an area of 1 when every late flight scores higher, 0 when lower, one half when all are equal', () => {
    const late = [true, true, false, false];
    expect(areaUnderCurve([0.9, 0.8, 0.2, 0.1], late)).toBe(1);
    expect(areaUnderCurve([0.1, 0.2, 0.8, 0.9], late)).toBe(0);
    expect(areaUnderCurve([0.5, 0.5, 0.5, 0.5], late)).toBe(0.5);
  });

  it('count a tie between a late and a punctual flight as half', () => {
    expect(areaUnderCurve([0.9, 0.5, 0.5, 0.1], [true, true, false, false])).toBe(0.875);
  });

  it('cost 4 for a missed delay, 1 for a needless warning, nothing for the right word', () => {
    expect(meanCost([0.9, 0.1, 0.9, 0.1], [true, true, false, false], 0.2)).toBe((0 + 4 + 1 + 0) / 4);
  });

  it('warn only above the threshold, as the deployment does', () => {
    expect(meanCost([0.2], [false], 0.2)).toBe(0);
  });
});
