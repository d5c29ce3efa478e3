import { compileExpression, ExpressionFault, type Scope, type Variables } from './expressions.ts';

const variables: Variables = {
  data: 'any',
  subject: 'string',
  time: 'number',
  p: 'number',
  context: { fields: { distance: 'number', zone: 'string', member: 'boolean' } },
};
const scope: Scope = {
  data: { delay: 20, name: 'ORD', empty: null, list: ['a', 'b'], deep: { depth: 3 }, 'odd name': 1, yes: true },
  subject: 's-1',
  time: Date.parse('2001-01-15T06:30:00Z'),
  p: 0.25,
  context: { distance: 100, zone: 'America/New_York', member: true },
};
const evaluate = (text: string): unknown => compileExpression(text, variables).evaluate(scope);
function evaluateReported(text: string): { value: unknown; reports: string[] } {
  const reports: string[] = [];
  const value = compileExpression(text, variables).evaluate(scope, (message) => reports.push(message));
  return { value, reports };
}
function faultOf(text: string): ExpressionFault {
  try {
    compileExpression(text, variables);
  } catch (error) {
    if (error instanceof ExpressionFault) return error;
    throw error;
  }
  throw new Error(`${text} compiled`);
}

test.each([
  ['data.delay > 15', true],
  ['data.delay > 20', false],
  ['data.delay >= 20.0', true],
  ['1.0 - p', 0.75],
  ['1 - p', 0.75],
  ['clip(data.delay, -30, 15)', 15],
  ['data.delay / 8', 2.5],
  ['data.delay * 2 + 1.5', 41.5],
  ['-data.delay % 7', -6],
  ['min(data.delay, 3, 7.5) + max(1, 2)', 5],
  ['round(-2.5) + abs(-1) + floor(1.9) + ceil(0.1)', 0],
  ['log(context.distance) == log(100)', true],
  ['data.name + "-" + subject', 'ORD-s-1'],
  ['data.name in ["ORD", "DFW"]', true],
  ['"delay" in data', true],
  ['data.list[1]', 'b'],
  ['data["odd name"]', 1],
  ['data.deep.depth == 3', true],
  ['data.name.startsWith("OR") && !data.name.endsWith("X") || false', true],
  ['size(data.list) + data.name.size()', 5],
  ['data.delay > 15 ? "late" : "fine"', 'late'],
  ['double("1.5") + int(2.9) + indicator(data.yes)', 4.5],
  ['string(3)', '3'],
  ['time > timestamp("2001-01-15T00:00:00+01:00")', true],
])('%s results in %j', (text, expected) => {
  expect(evaluate(text)).toEqual(expected);
});

describe('what is not there', () => {
  test.each([
    ['data.nothing', null],
    ['data.nothing.deeper', null],
    ['data.nothing > 15', null],
    ['data.nothing + 1', null],
    ['clip(data.nothing, 0, 1)', null],
    ['data.empty', null],
    ['data.nothing ? 1 : 2', null],
    ['!data.nothing', null],
    ['data.list[9]', null],
  ])('%s is not known', (text, expected) => {
    expect(evaluateReported(text)).toEqual({ value: expected, reports: [] });
  });

  test.each([
    ['data.nothing == null', true],
    ['data.nothing != 3', true],
    ['has(data.nothing)', false],
    ['has(data.delay)', true],
    ['coalesce(data.nothing, data.empty, 7)', 7],
    ['data.nothing > 1 && false', false],
    ['data.nothing > 1 || true', true],
    ['data.nothing > 1 && true', null],
  ])('%s is certain or stays open: %j', (text, expected) => {
    expect(evaluate(text)).toEqual(expected);
  });

  test('names of the language are not fields of the data', () => {
    expect(evaluate('data.constructor')).toBeNull();
    expect(evaluate('data.__proto__')).toBeNull();
    expect(evaluate('data.toString')).toBeNull();
  });
});

describe('what has no value', () => {
  test.each(['1 / 0', '0 / 0', 'log(0)', 'sqrt(-1)', 'exp(1000)'])('%s is null', (text) => {
    expect(evaluate(text)).toBeNull();
  });
});

describe('a value of the wrong type', () => {
  test.each([
    'data.name > 3',
    'data.name * 2',
    'data.delay && true',
    'data.list + 1',
    'log(data.name)',
    'data.delay.deeper',
    'data.deep',
    'hour(time, data.name)',
  ])('%s is null and is reported, once', (text) => {
    const { value, reports } = evaluateReported(text);
    expect(value).toBeNull();
    expect(reports).toHaveLength(1);
  });
});

describe('local times', () => {
  test('an hour and a weekday are those of the zone, over a change of its offset too', () => {
    expect(evaluate('hour(time)')).toBe(6);
    expect(evaluate('hour(time, context.zone)')).toBe(1);
    expect(evaluate('weekday(time, context.zone)')).toBe(0);
    expect(evaluate('hour(timestamp("2001-04-01T06:59:00Z"), "America/New_York")')).toBe(1);
    expect(evaluate('hour(timestamp("2001-04-01T07:00:00Z"), "America/New_York")')).toBe(3);
    expect(evaluate('hour(timestamp("2001-01-01T18:15:00Z"), "Asia/Kathmandu")')).toBe(0);
    expect(evaluate('weekday(timestamp("1969-12-28T12:00:00Z"))')).toBe(6);
  });
});

describe('a faulty expression is refused with place, reason and the nearest names', () => {
  test.each([
    ['dat.delay > 15', 0, 'there is no variable "dat"; nearest: data'],
    ['1 + context.distanc', 4, 'context has no field "distanc"; nearest: distance'],
    ['clipp(p, 0, 1)', 0, 'there is no function "clipp"; nearest: clip'],
    ['clip(p, 0)', 0, 'clip takes 3 arguments and got 2'],
    ['p > "a"', 0, '> needs two numbers or two texts and got number and string'],
    ['context.zone * 2', 0, '* needs a number and got a string'],
    ['p && true', 0, '&& needs a boolean and got a number'],
    ['context + 1', 0, '+ needs two numbers or two texts and got object and number'],
    ['p >', 3, 'the expression ends too early'],
    ['p = 1', 2, 'compare with =='],
    ['data.items.exists(i, i > 3)', 0, 'there is no method "exists"'],
    ['data.name.matches("(a+)+$")', 0, 'there is no method "matches"'],
    ['{"a": 1}', 0, 'object literals are not supported'],
    ['9007199254740993 > p', 0, 'too large'],
    ['has(p)', 0, 'has takes one field'],
  ])('%s', (text, position, detail) => {
    const fault = faultOf(text);
    expect(fault.position).toBe(position);
    expect(fault.detail).toContain(detail);
    expect(fault.message).toContain(`at character ${position + 1} of \`${text}\``);
  });

  test('an expression as deep as an attack is refused', () => {
    expect(() => compileExpression('('.repeat(500) + '1' + ')'.repeat(500), variables)).toThrow(ExpressionFault);
  });
});

test('an expression tells what it reads and what it results in', () => {
  const expression = compileExpression('data.delay > 15 && context.member', variables);
  expect(expression.type).toBe('boolean');
  expect([...expression.reads].sort()).toEqual(['context.member', 'data.delay']);
});
