/** The effect over event time as an SVG of its own: line, interval, boundary, and since when it is significant. */
import { measure, shortDay } from './report-words.ts';

/** One analysis of the experiment as it was published. */
export interface Look {
  /** Event time up to which outcomes were in, RFC 3339. */
  readonly asOf: string;
  readonly effect: number;
  readonly ci: readonly [number | null, number | null];
  /** That may be looked at as often as one likes. */
  readonly boundary: readonly [number | null, number | null];
}

export interface ChartStory {
  readonly looks: readonly Look[];
  readonly significantSince: string | null;
  /** `promote`, `keep`, …; null where none was made. */
  readonly decision: string | null;
}

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

/** A line needs two points. */
const FEWEST = 2;
/** The first looks, at a few flights, are so wide that nothing else could be seen: they are cut off at the edge. */
const WIDE_LOOKS = 0.08;
const MARGIN = { top: 46, right: 14, bottom: 26, left: 50 };
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LINE = 16;
/** Where the bands are named: late enough for them to be narrow, with half a label's room to the right. */
const LABEL_AT = 0.62;
const LABEL_HALF = 115;

interface Scales {
  readonly size: ChartSize;
  readonly x: (time: number) => number;
  readonly y: (value: number) => number;
  readonly times: readonly [number, number];
  readonly values: readonly [number, number];
}

/** Empty where there are too few looks to draw. */
export function effectChart(story: ChartStory, size: ChartSize): string {
  const looks = story.looks.filter(({ ci: [low, high] }) => low !== null || high !== null);
  if (looks.length < FEWEST) return '';
  const scales = scalesOf(looks, size);
  const clip = `plot-${size.width}`;
  const { x, y, values } = scales;
  const [bottom, top] = [y(values[0]), y(values[1])];
  const plot = `<clipPath id="${clip}"><rect x="${MARGIN.left}" y="${top}" width="${size.width - MARGIN.left - MARGIN.right}" height="${round(bottom - top)}"/></clipPath>`;
  const bands = [
    band('boundary', looks, scales, ({ boundary }) => boundary),
    band('interval', looks, scales, ({ ci }) => ci),
    `<polyline class="effect" points="${looks.map(({ asOf, effect }) => `${x(Date.parse(asOf))},${y(effect)}`).join(' ')}"/>`,
  ];
  return [
    `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${describe(story, looks)}">${plot}`,
    ...axes(scales),
    `<g clip-path="url(#${clip})">${bands.join('')}</g>`,
    ...labels(looks, scales),
    ...marks(story, looks, scales),
    '</svg>',
  ].join('\n');
}

function describe({ significantSince, decision }: ChartStory, looks: readonly Look[]): string {
  const { effect = 0 } = looks.at(-1) ?? {};
  const since = significantSince === null ? 'never significant' : `significant since ${dayAndTime(Date.parse(significantSince))}`;
  return `The effect over event time: ${measure(effect)} at the end, ${since}, ${decision === null ? 'no decision' : `decided: ${decision}`}.`;
}

function scalesOf(looks: readonly Look[], size: ChartSize): Scales {
  const times = [startOfDay(Date.parse(looks[0]?.asOf ?? '')), Date.parse(looks.at(-1)?.asOf ?? '')] as const;
  const shown = looks.slice(Math.min(looks.length - FEWEST, Math.ceil(WIDE_LOOKS * looks.length)));
  const bounds = [0, ...shown.flatMap(({ ci, boundary, effect }) => [effect, ...ci, ...boundary])].filter((value) => value !== null);
  const [least, most] = [Math.min(...bounds), Math.max(...bounds)];
  const room = 0.12 * (most - least || 1);
  const values = [least - room, most + room] as const;
  const scale = (from: readonly [number, number], to: readonly [number, number]) => (value: number) =>
    round(to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]));
  return {
    size,
    times,
    values,
    x: scale(times, [MARGIN.left, size.width - MARGIN.right]),
    y: scale(values, [size.height - MARGIN.bottom, MARGIN.top]),
  };
}

/** An open end runs out of the plot. */
function band(name: string, looks: readonly Look[], { x, y, values, size }: Scales, of: (look: Look) => Look['ci']): string {
  const [below, above] = [values[0] - 1, values[1] + 1];
  const edge = (look: Look, end: 0 | 1): string => {
    const open = end === 0 ? below : above;
    return `${x(Date.parse(look.asOf))},${Math.min(Math.max(y(of(look)[end] ?? open), -size.height), 2 * size.height)}`;
  };
  const points = [...looks.map((look) => edge(look, 0)), ...looks.toReversed().map((look) => edge(look, 1))];
  return `<polygon class="${name}" points="${points.join(' ')}"/>`;
}

function axes({ x, y, times, values, size }: Scales): string[] {
  const right = size.width - MARGIN.right;
  const across = ticksOf(values).map((value) => {
    const at = y(value);
    const zero = value === 0 ? ' class="zero"' : '';
    return `<line${zero} x1="${MARGIN.left}" x2="${right}" y1="${at}" y2="${at}"/><text class="axis" x="${MARGIN.left - 8}" y="${at + 4}" text-anchor="end">${measure(value, value === 0 ? 0 : 2)}</text>`;
  });
  const step = times[1] - times[0] > 3 * DAY_MS ? (size.width < 500 ? 2 * DAY_MS : DAY_MS) : DAY_MS / 2;
  const days: string[] = [];
  for (let time = times[0]; time <= times[1]; time += step) {
    const text = time % DAY_MS === 0 ? shortDay(time) : new Date(time).toISOString().slice(11, 16);
    const anchor = time === times[0] ? 'start' : x(time) > right - 24 ? 'end' : 'middle';
    days.push(`<text class="axis" x="${x(time)}" y="${size.height - 8}" text-anchor="${anchor}">${text}</text>`);
  }
  return [...across, ...days, `<text class="axis" x="${right}" y="${y(0) - 6}" text-anchor="end">no difference</text>`];
}

/** Round values, four or so. */
function ticksOf([least, most]: readonly [number, number]): number[] {
  const rough = (most - least) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(least / step);
  return Array.from({ length: Math.floor(most / step) - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(6)) + 0);
}

/** Each band is named where it has room, with a line to it. */
function labels(looks: readonly Look[], { x, y, values, size }: Scales): string[] {
  const look = looks[Math.floor(looks.length * LABEL_AT)];
  if (look === undefined) return [];
  const at = x(Date.parse(look.asOf));
  const near = looks.filter(({ asOf }) => Math.abs(x(Date.parse(asOf)) - at) < LABEL_HALF);
  const lower = y(look.boundary[0] ?? values[0]);
  const lowest = Math.max(...near.map(({ boundary }) => y(boundary[0] ?? values[0])));
  const highest = Math.min(...near.map(({ boundary }) => y(boundary[1] ?? values[1])));
  const under = Math.min(lowest + 22, size.height - MARGIN.bottom - 6);
  const wished = Math.max(highest - 14, MARGIN.top + 12);
  const over = Math.abs(wished - 5 - y(0)) < LINE / 2 ? y(0) + LINE - 2 : wished; // not through the line at zero
  return [
    `<line class="leader" x1="${at}" x2="${at}" y1="${over + 4}" y2="${y(look.effect)}"/><text x="${at}" y="${over}" text-anchor="middle">effect and its interval</text>`,
    `<line class="leader" x1="${at}" x2="${at}" y1="${under - 12}" y2="${lower - 3}"/><text x="${at}" y="${under}" text-anchor="middle">boundary, may be watched at any time</text>`,
  ];
}

function marks({ significantSince, decision }: ChartStory, looks: readonly Look[], { x, size }: Scales): string[] {
  const bottom = size.height - MARGIN.bottom;
  const right = size.width - MARGIN.right;
  const last = looks.at(-1);
  const told: string[] = [];
  if (significantSince !== null) {
    const at = x(Date.parse(significantSince));
    told.push(
      `<line class="since" x1="${at}" x2="${at}" y1="${LINE + 6}" y2="${bottom}"/><text x="${Math.min(at, size.width - 200)}" y="${LINE}">significant since ${dayAndTime(Date.parse(significantSince))}</text>`,
    );
  }
  if (last !== undefined) {
    const word = decision === null ? '' : `, ${decision}`;
    told.push(
      `<text class="end" x="${right}" y="${2 * LINE + 4}" text-anchor="end">${measure(last.effect)}${word} at ${dayAndTime(Date.parse(last.asOf))}</text>`,
    );
  }
  return told;
}

const dayAndTime = (time: number): string => `${shortDay(time)}, ${new Date(time).toISOString().slice(11, 16)}`;
const startOfDay = (time: number): number => time - (time % DAY_MS);
const round = (value: number): number => Math.round(value * 10) / 10;
