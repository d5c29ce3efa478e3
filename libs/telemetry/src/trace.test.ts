import { continueTrace, formatTraceparent, parseTraceparent, startChild, startTrace } from './trace.ts';

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN_ID = '00f067aa0ba902b7';
const VALID = `00-${TRACE_ID}-${SPAN_ID}-01`;

const randomOf = (digit: string) => (bytes: number) => digit.repeat(bytes * 2);

it('reads the example of the W3C text and writes it again unchanged', () => {
  const span = parseTraceparent(VALID);
  expect(span).toEqual({ traceId: TRACE_ID, spanId: SPAN_ID, sampled: true });
  expect(span && formatTraceparent(span)).toBe(VALID);
});

it.each([
  ['00', false],
  ['02', false],
  ['01', true],
  ['03', true],
  ['ff', true],
])('of flags %s only the lowest bit says whether the trace is sampled', (flags, sampled) => {
  expect(parseTraceparent(`00-${TRACE_ID}-${SPAN_ID}-${flags}`)?.sampled).toBe(sampled);
});

it.each([
  ['no header', undefined],
  ['a repeated header', [VALID, VALID]],
  ['nothing', ''],
  ['version ff', `ff-${TRACE_ID}-${SPAN_ID}-01`],
  ['a version of one digit', `0-${TRACE_ID}-${SPAN_ID}-01`],
  ['upper-case digits', VALID.toUpperCase()],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN_ID}-01`],
  ['a span id of zeros', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
  ['a trace id that is too short', `00-${TRACE_ID.slice(1)}-${SPAN_ID}-01`],
  ['a letter that is no hex digit', `00-${TRACE_ID.slice(1)}g-${SPAN_ID}-01`],
  ['flags of one digit', `00-${TRACE_ID}-${SPAN_ID}-1`],
  ['version 00 with more after the flags', `${VALID}-extra`],
  ['a later version with more, but no dash before it', `cc-${TRACE_ID}-${SPAN_ID}-01extra`],
  ['spaces around', ` ${VALID} `],
  ['a line end behind', `${VALID}\n`],
])('refuses %s', (_, header) => {
  expect(parseTraceparent(header)).toBeUndefined();
});

it.each([`cc-${TRACE_ID}-${SPAN_ID}-01`, `cc-${TRACE_ID}-${SPAN_ID}-01-what-the-future-brings`])(
  'reads a later version as far as it is known (%s)',
  (header) => {
    expect(parseTraceparent(header)).toEqual({ traceId: TRACE_ID, spanId: SPAN_ID, sampled: true });
  },
);

it('a child stays in the trace, keeps the sampling decision and has a span id of its own', () => {
  const parent = { traceId: TRACE_ID, spanId: SPAN_ID, sampled: false };
  expect(startChild(parent, randomOf('a'))).toEqual({ traceId: TRACE_ID, spanId: 'a'.repeat(16), sampled: false });
});

it('continues a valid trace and starts a new one in place of an invalid one', () => {
  expect(continueTrace(VALID).traceId).toBe(TRACE_ID);
  expect(continueTrace(VALID).spanId).not.toBe(SPAN_ID);
  expect(continueTrace('00-nonsense', randomOf('b'))).toEqual({ traceId: 'b'.repeat(32), spanId: 'b'.repeat(16), sampled: true });
});

it('never hands out an id of zeros, even when chance does', () => {
  const span = startTrace(randomOf('0'));
  expect(parseTraceparent(formatTraceparent(span))).toEqual(span);
});

it('two new traces differ', () => {
  expect(startTrace().traceId).not.toBe(startTrace().traceId);
});
