import { effectChart, type ChartStory, type Look } from './effect-chart.ts';

const SIZE = { width: 900, height: 340 };
const HOUR = 3_600_000;
const START = Date.parse('2001-01-15T01:00:00Z');

/** The interval narrows as flights come in. */
const looks = (count: number, effect = -0.2): Look[] =>
  Array.from({ length: count }, (_, hour) => {
    const half = 0.8 / Math.sqrt(hour + 1);
    return {
      asOf: new Date(START + hour * HOUR).toISOString(),
      effect,
      ci: [effect - half, effect + half],
      boundary: [effect - 2 * half, effect + 2 * half],
    };
  });
const story = (over: Partial<ChartStory> = {}): ChartStory => ({
  looks: looks(160),
  significantSince: '2001-01-16T04:00:00Z',
  decision: 'promote',
  ...over,
});
const pointsOf = (svg: string, name: string): number[][] => {
  const [, points = ''] = new RegExp(`class="${name}" points="([^"]*)"`).exec(svg) ?? [];
  return points.split(' ').map((point) => point.split(',').map(Number));
};

test('the line runs through the plot, the interval lies inside the boundary, and what is below zero lies below its line', () => {
  const svg = effectChart(story(), SIZE);
  const line = pointsOf(svg, 'effect');
  expect(line).toHaveLength(160);
  const [, zero = 0] = (/class="zero" x1="\d+" x2="\d+" y1="([\d.]+)"/.exec(svg) ?? []).map(Number);
  for (const [x = 0, y = 0] of line) {
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x).toBeLessThanOrEqual(SIZE.width);
    expect(y).toBeGreaterThan(zero);
    expect(y).toBeLessThan(SIZE.height);
  }
  const [interval, boundary] = [pointsOf(svg, 'interval'), pointsOf(svg, 'boundary')];
  interval.slice(0, 160).forEach(([, low = 0], index) => expect(low).toBeLessThanOrEqual(boundary[index]?.[1] ?? 0));
});

test('it is named for those who do not see it, and its bands are named where they lie', () => {
  const svg = effectChart(story(), SIZE);
  expect(svg).toContain('aria-label="The effect over event time: −0.200 at the end, significant since 16 Jan, 04:00, decided: promote."');
  expect(svg).toMatch(/effect and its interval<.*boundary, may be watched at any time</s);
  expect(svg).toContain('significant since 16 Jan, 04:00</text>');
});

test('nothing is marked that was not found', () => {
  const svg = effectChart(story({ looks: looks(40, 0.01), significantSince: null, decision: null }), SIZE);
  expect(svg).toContain('never significant, no decision');
  expect(svg).not.toContain('class="since"');
});

test('open ends and looks without outcomes do not break it', () => {
  const open: Look[] = looks(20).map((look, index) => ({
    ...look,
    ci: index === 0 ? [null, null] : look.ci,
    boundary: [look.boundary[0], null],
  }));
  const svg = effectChart(story({ looks: open }), SIZE);
  expect(pointsOf(svg, 'effect')).toHaveLength(19);
  expect(svg).not.toMatch(/NaN|Infinity|null/);
});

test('one look is no chart', () => {
  expect(effectChart(story({ looks: looks(1) }), SIZE)).toBe('');
});
