import { turnOf, type Traffic } from './turns.ts';

const DAY = 24 * 60;

/** Eight weeks of twelve landings a day around a timetable; each aircraft leaves again after `turn` minutes, or by chance. */
function traffic(turn: number | undefined): Traffic {
  let state = 7;
  const draw = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const late = (): number => Math.floor(90 * draw() ** 3);
  const landings: number[] = [];
  const departures: number[] = [];
  for (let day = 0; day < 56; day += 1) {
    for (let hour = 7; hour < 19; hour += 1) {
      const landing = day * DAY + hour * 60 + late();
      landings.push(landing);
      departures.push(turn === undefined ? day * DAY + hour * 60 + 40 + late() : landing + turn);
    }
  }
  const ascending = (times: number[]): Float64Array => Float64Array.from(times).sort();
  return { landings: ascending(landings), departures: ascending(departures) };
}

describe('the time on the ground', () => {
  it.each([25, 42, 60])('is found where aircraft leave %d minutes after they landed', (turn) => {
    const found = turnOf([traffic(turn)]);
    expect(Math.abs(found.minutes - turn)).toBeLessThan(10);
    expect(found.strength).toBeGreaterThan(10);
  });

  it('moves by an hour with a clock that is wrong by an hour', () => {
    const { landings, departures } = traffic(35);
    const wrong = turnOf([{ landings, departures: departures.map((time) => time - 60) }]);
    expect(Math.abs(wrong.minutes - -25)).toBeLessThan(10);
  });

  it('does not stand out where only the timetable joins landings and departures', () => {
    expect(turnOf([traffic(undefined)]).strength).toBeLessThan(3.5);
  });

  it('has no strength without traffic', () => {
    expect(turnOf([{ landings: new Float64Array(), departures: new Float64Array() }]).strength).toBe(0);
  });
});
