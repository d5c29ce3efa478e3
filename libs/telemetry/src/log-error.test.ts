import { describeError } from './log-error.ts';

it('tells type, message, code and stack', () => {
  const error = Object.assign(new TypeError('The file is gone.'), { code: 'ENOENT' });
  expect(describeError(error)).toEqual({
    'error.type': 'TypeError',
    'error.message': 'The file is gone.',
    'error.code': 'ENOENT',
    'error.stack_trace': expect.stringMatching(/^TypeError: The file is gone\.\n\s+at /),
  });
});

it('the stack trace goes on with the causes, the nearest first', () => {
  const cause = new Error('read', { cause: new RangeError('offset 7', { cause: 'disk on fire' }) });
  const trace = describeError(new Error('load model v3', { cause }))['error.stack_trace'] ?? '';
  const heads = trace.split('\n').filter((line) => !/^\s+at /.test(line));
  expect(heads).toEqual(['Error: load model v3', 'caused by: Error: read', 'caused by: RangeError: offset 7', 'caused by: disk on fire']);
});

it('an AggregateError brings its parts', () => {
  const trace = describeError(new AggregateError([new Error('a down'), new Error('b down')], 'no broker'))['error.stack_trace'];
  expect(trace).toContain('together with: Error: a down');
  expect(trace).toContain('together with: Error: b down');
});

it('a cause that comes round again is written once', () => {
  const first = new Error('first');
  first.cause = new Error('second', { cause: first });
  const trace = describeError(first)['error.stack_trace'] ?? '';
  expect(trace.match(/: first/g)).toHaveLength(1);
});

it.each([
  ['a text', 'string', 'a text'],
  [42, 'number', '42'],
  [null, 'object', 'null'],
  [{ reason: 'x', size: 3n }, 'object', '{"reason":"x","size":"3"}'],
])('what is no error is told by its kind and text: %p', (thrown, type, message) => {
  expect(describeError(thrown)).toEqual({ 'error.type': type, 'error.message': message });
});
