import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempDir } from '@roofshot/testing/temp-dir';
import { computeWindows } from './oracle-program.ts';
import { millionthsOf, sortWindows, type WindowEvent, type WindowSpec, type WindowTotals } from './window-spec.ts';

export interface OracleWindow extends WindowTotals {
  /** The one of the given specs whose window this is. */
  readonly spec: WindowSpec;
}

/** Longer than from the first to the last time that JavaScript can name. */
const FOR_EVER_MS = Number.MAX_SAFE_INTEGER;

/**
 * The last state of every window that Kafka Streams makes of `events`, in this order of arrival, for each of `specs`: in the order of the
 * specs, then by key and start. Takes about two seconds; the first time on a machine, a minute more to fetch and compile.
 *
 * Windows of Kafka Streams never begin before 1970; in a sliding one all events up to the difference after the epoch are together.
 *
 * @throws RangeError for an event that Kafka Streams or exact sums cannot take
 * @throws NotToBeHad where Java, Maven or Maven Central are missing, with what to do
 */
export async function runWindowOracle(events: readonly WindowEvent[], specs: readonly WindowSpec[]): Promise<OracleWindow[]> {
  const folder = await tempDir('windows');
  try {
    const files = {
      events: join(folder.path, 'events.csv'),
      specs: join(folder.path, 'specs.csv'),
      windows: join(folder.path, 'windows.csv'),
    };
    await writeFile(files.events, table('key,time,value', events.map(eventRow)));
    await writeFile(files.specs, table('kind,span,advance,grace', specs.map(specRow)));
    await computeWindows(files);
    const windows = windowsOf(await readFile(files.windows, 'utf8'), specs);
    return specs.flatMap((spec) => sortWindows(windows.filter((window) => window.spec === spec)));
  } finally {
    await folder.remove();
  }
}

const table = (header: string, rows: readonly string[]): string => `${[header, ...rows].join('\n')}\n`;

/** Keys are percent-encoded, so that none has a comma or a line's end; the oracle takes them as they come. */
function eventRow({ key, time, value }: WindowEvent, position: number): string {
  if (!Number.isSafeInteger(time) || time < 0)
    throw new RangeError(`Event ${position} has the time ${time}: Kafka has whole milliseconds from 1970 on. Move the events there.`);
  millionthsOf(String(value));
  return `${encodeURIComponent(key)},${time},${value}`;
}

function specRow(spec: WindowSpec): string {
  const { span, advance } = lengthsOf(spec);
  return [spec.kind, span, advance, spec.graceMs ?? FOR_EVER_MS].join(',');
}

function lengthsOf(spec: WindowSpec): { span: number; advance: number } {
  switch (spec.kind) {
    case 'tumbling':
      return { span: spec.sizeMs, advance: spec.sizeMs };
    case 'hopping':
      return { span: spec.sizeMs, advance: spec.advanceMs };
    case 'sliding':
      return { span: spec.differenceMs, advance: 0 };
    case 'session':
      return { span: spec.gapMs, advance: 0 };
  }
}

function windowsOf(csv: string, specs: readonly WindowSpec[]): OracleWindow[] {
  const [, ...rows] = csv.trimEnd().split('\n');
  return rows.map((row) => {
    const [position, key = '', start, end, count, sum = '', min, max] = row.split(',');
    const spec = specs[Number(position)];
    if (spec === undefined) throw new Error(`The oracle wrote a line that is of none of the specs: ${row}`);
    return {
      spec,
      key: decodeURIComponent(key),
      start: Number(start),
      end: Number(end),
      count: Number(count),
      sumMillionths: millionthsOf(sum),
      min: Number(min),
      max: Number(max),
    };
  });
}
