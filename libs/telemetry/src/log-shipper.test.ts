import { eventually } from '@roofshot/testing/eventually';
import { BulkRefused, LogShipper, type LineFate, type ShippedLine, type ShipperOptions } from './log-shipper.ts';

/** A server in memory: away while it is told to, and with a fate for each line. */
class MemoryServer {
  readonly kept: string[] = [];
  readonly bulks: (readonly ShippedLine[])[] = [];
  readonly said: string[] = [];
  isAway = false;
  fateOf: (json: string) => LineFate = () => 'kept';

  open(options: Partial<ShipperOptions> = {}): LogShipper {
    return new LogShipper({
      send: (lines) => Promise.resolve().then(() => this.#take(lines)),
      say: (_level, sentence, fields) => this.said.push([sentence, ...Object.values(fields).map(String)].join(' ')),
      flushMs: 1,
      retry: { firstMs: 1, longestMs: 4 },
      ...options,
    });
  }

  #take(lines: readonly ShippedLine[]): LineFate[] {
    this.bulks.push(lines);
    if (this.isAway) throw new Error('nobody listens there');
    return lines.map(({ json }) => {
      const fate = this.fateOf(json);
      if (fate === 'kept') this.kept.push(json);
      return fate;
    });
  }
}

const numbered = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => `line ${from + index}`);

describe('lines on their way to a log server', () => {
  let server: MemoryServer;
  beforeEach(() => {
    server = new MemoryServer();
  });

  it('leave after a moment, without anyone asking, many at a time and in order', async () => {
    const shipper = server.open();
    for (const line of numbered(50)) shipper.add(line);
    await eventually(() => expect(server.kept).toEqual(numbered(50)));
    expect(server.bulks).toHaveLength(1);
    expect(await shipper.close()).toBe(0);
  });

  it('leave at once when there are enough of them, in bulks of at most a thousand', async () => {
    const shipper = server.open({ flushMs: 3_600_000 });
    for (const line of numbered(2_500)) shipper.add(line);
    await eventually(() => expect(server.kept).toHaveLength(2_500));
    expect(server.bulks.every((bulk) => bulk.length <= 1_000)).toBe(true);
    await shipper.close();
  });

  it('are kept while the server is away, and sent again under the same ids', async () => {
    server.isAway = true;
    const shipper = server.open();
    shipper.add('first');
    await eventually(() => expect(server.bulks.length).toBeGreaterThan(3));
    shipper.add('second');
    server.isAway = false;
    await eventually(() => expect(server.kept).toEqual(['first', 'second']));
    expect(new Set(server.bulks.flatMap(([line]) => (line?.json === 'first' ? [line.id] : []))).size).toBe(1);
    expect(server.said).toEqual([
      'Log lines cannot be sent to the log server (ELASTICSEARCH_URL); they are kept and sent again. Error: nobody listens there',
      'Log lines are sent to the log server again. 0',
    ]);
    expect(shipper.lost).toBe(0);
    await shipper.close();
  });

  it('are lost beyond the bound, the newest first, and counted', async () => {
    server.isAway = true;
    const shipper = server.open({ maxCharacters: 30 });
    for (const line of numbered(10)) shipper.add(line);
    await eventually(() => expect(server.bulks.length).toBeGreaterThan(1));
    expect(shipper.lost).toBe(5);
    server.isAway = false;
    await eventually(() => expect(server.kept).toEqual(numbered(5)));
    expect(server.said.at(-1)).toBe('Log lines are sent to the log server again. 5');
    shipper.add('there is room again');
    await eventually(() => expect(server.kept.at(-1)).toBe('there is room again'));
    await shipper.close();
  });

  it('that a busy server did not take are sent again, the others not', async () => {
    let isBusy = true;
    server.fateOf = (json) => (isBusy && json !== 'line 0' ? 'again' : 'kept');
    const shipper = server.open();
    for (const line of numbered(3)) shipper.add(line);
    await eventually(() => expect(server.bulks.length).toBeGreaterThan(2));
    isBusy = false;
    await eventually(() => expect(server.kept).toEqual(numbered(3)));
    await shipper.close();
  });

  it('that are refused hold up no others; they are counted and told of once', async () => {
    server.fateOf = (json) => (json.endsWith('1') ? { refused: 'no date' } : 'kept');
    const shipper = server.open();
    for (const line of numbered(2)) shipper.add(line);
    await eventually(() => expect(server.kept).toEqual(['line 0']));
    for (const line of numbered(2, 10)) shipper.add(line);
    await eventually(() => expect(server.kept).toEqual(['line 0', 'line 10']));
    expect(shipper.lost).toBe(2);
    expect(server.said).toEqual(['The log server refused log lines; only standard output or the log file has them. 1 no date']);
    await shipper.close();
  });

  it('leave in smaller bulks where a whole one is refused, and only a line that is refused alone is lost', async () => {
    const tooLarge = (lines: readonly ShippedLine[]): boolean => lines.length > 10 || lines.some(({ json }) => json === 'line 33');
    const send: ShipperOptions['send'] = async (lines) => {
      await Promise.resolve();
      if (tooLarge(lines)) throw new BulkRefused('the whole bulk was answered 413');
      server.kept.push(...lines.map(({ json }) => json));
      return lines.map(() => 'kept');
    };
    const shipper = server.open({ send });
    for (const line of numbered(100)) shipper.add(line);
    await eventually(() => expect(server.kept).toHaveLength(99));
    expect(server.kept).toEqual(numbered(100).filter((line) => line !== 'line 33'));
    expect(shipper.lost).toBe(1);
    await shipper.close();
  });

  it('are sent again when fewer of them are answered than were sent', async () => {
    let isOdd = true;
    const send: ShipperOptions['send'] = async (lines) => {
      await Promise.resolve();
      if (isOdd) return ['kept'];
      server.kept.push(...lines.map(({ json }) => json));
      return lines.map(() => 'kept');
    };
    const shipper = server.open({ send });
    for (const line of numbered(3)) shipper.add(line);
    await eventually(() => expect(server.said.join()).toContain('It answered 1 lines of 3'));
    isOdd = false;
    await eventually(() => expect(server.kept).toEqual(numbered(3)));
    await shipper.close();
  });

  it('are sent before the end; a server that is away or never answers is not waited for', async () => {
    const shipper = server.open({ flushMs: 3_600_000 });
    shipper.add('last words');
    expect(await shipper.close()).toBe(0);
    expect(server.kept).toEqual(['last words']);
    shipper.add('too late');
    expect(shipper.lost).toBe(1);

    const silent = server.open({ send: () => new Promise(() => undefined) });
    for (const line of numbered(3)) silent.add(line);
    expect(await silent.close()).toBe(3);
    expect(silent.lost).toBe(3);
  });
});
