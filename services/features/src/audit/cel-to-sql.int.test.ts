import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { compileExpression } from '@roofshot/feature-defs/expressions';
import { EVENT_VARIABLES } from '@roofshot/feature-defs/event-scope';
import { NotAuditable, quoteText, toSql, type SqlVariables, type Wanted } from './cel-to-sql.ts';

const columns: SqlVariables = {
  data: { column: 'data', type: 'json' },
  subject: { column: 'subject', type: 'text' },
  time: { column: 'time', type: 'number' },
};
const time = Date.parse('2001-04-01T06:59:59Z');
const cases = [
  { delay: 20, origin: 'ORD', late: true, deep: { x: 1.5 }, list: ['a'] },
  { delay: -0.5, origin: 'DFW', late: false, deep: { x: 0 }, zone: 'America/New_York' },
  { delay: '20', origin: 7, late: 1, deep: null, zone: 'America/New_York' },
  { delay: null, origin: null },
  {},
  { delay: 0, origin: '', deep: { x: -3 }, zone: 'Asia/Kathmandu' },
  { delay: 181.25, origin: "O'Hare", late: true, deep: { x: 1e15 } },
];

/** Two implementations that share nothing but the parser must agree on every case. */
describe('the audit’s SQL and the features’ evaluator agree', () => {
  let connection: DuckDBConnection;

  beforeAll(async () => {
    connection = await (await DuckDBInstance.create(':memory:')).connect();
  });

  async function bySql(text: string, data: object, wanted: Wanted): Promise<unknown> {
    const sql = toSql(text, columns, wanted);
    const reader = await connection.runAndReadAll(
      `SELECT ${sql} AS value FROM (SELECT ${quoteText(JSON.stringify(data))}::JSON AS data, 's-1' AS subject, ${time}::DOUBLE AS time)`,
    );
    return reader.getRowObjectsJS()[0]?.['value'];
  }
  /** A value of another type than the one that is needed counts as none, as in features. */
  function byEvaluator(text: string, data: object, wanted: Wanted): unknown {
    const value = compileExpression(text, EVENT_VARIABLES).evaluate({ data, subject: 's-1', time });
    return typeof value === (wanted === 'text' ? 'string' : wanted) ? value : null;
  }

  test.each<[Wanted, string]>([
    ['number', 'data.delay'],
    ['number', 'clip(data.delay, -30, 180)'],
    ['number', 'data.delay * 2 - data.deep.x / 4'],
    ['number', 'data.delay / data.deep.x'],
    ['number', '-data.delay % 7'],
    ['number', 'log(data.deep.x) + sqrt(data.deep.x)'],
    ['number', 'max(data.delay, data.deep.x, 3) - min(data.delay, 1.5)'],
    ['number', 'round(data.delay) + floor(data.deep.x) + ceil(data.delay) + abs(data.deep.x)'],
    ['number', 'data.late ? data.delay : 0 - data.delay'],
    ['number', 'coalesce(data.delay, data.deep.x, -1)'],
    ['boolean', 'data.delay != null'],
    ['number', 'hour(time)'],
    ['number', 'hour(time, data.zone) * 100 + weekday(time, data.zone)'],
    ['number', '(time - timestamp("2001-01-01T00:00:00Z")) / 1000'],
    ['number', 'pow(data.delay, 2) + exp(data.delay / 100)'],
    ['boolean', 'data.delay > 15'],
    ['boolean', 'data.delay >= 20 && data.late || data.origin == "DFW"'],
    ['boolean', '!(data.late == true)'],
    ['boolean', 'data.origin != "ORD"'],
    ['boolean', 'data.origin in ["ORD", "DFW"]'],
    ['boolean', 'has(data.delay) && !has(data.zone)'],
    ['boolean', 'data.origin.startsWith("O") || data.origin.contains("F")'],
    ['boolean', 'data.origin < "E"'],
    ['boolean', 'data.delay == null'],
    ['boolean', 'subject == "s-1"'],
    ['text', 'data.origin + "-" + subject'],
  ])('as %s: %s', async (wanted, text) => {
    for (const data of cases) {
      const [sql, evaluator] = [await bySql(text, data, wanted), byEvaluator(text, data, wanted)];
      const close =
        typeof sql === 'number' && typeof evaluator === 'number' ? Math.abs(sql - evaluator) <= 1e-12 * Math.abs(evaluator) : false;
      expect({ data, value: close ? evaluator : sql }).toEqual({ data, value: evaluator });
    }
  });
});

test.each(['data.list.exists(i, i > 3)', 'data.a == data.b', 'string(data.delay) == "3"', 'data.delay in data.list', 'size(data.list)'])(
  '%s is left to others, and said so',
  (text) => {
    expect(() => toSql(text, columns, 'feature')).toThrow(NotAuditable);
  },
);
