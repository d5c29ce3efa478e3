import { checkEnvelope, parseTime } from './check-envelope.ts';

const envelope = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  specversion: '1.0',
  id: '1',
  source: '/shop',
  type: 'order.placed',
  ...over,
});

const refusalOf = (over: Record<string, unknown>): { reason?: string; path?: string } => {
  const result = checkEnvelope(envelope(over));
  return 'refusal' in result ? result.refusal : {};
};

describe('an attribute', () => {
  it.each([
    ['U+0000', 'a\0b'],
    ['a line feed', 'a\nb'],
    ['U+0085', 'a\u0085b'],
    ['half a surrogate pair', 'a\ud800b'],
    ['a noncharacter', 'a\ufffeb'],
    ['a noncharacter of another plane', 'a\u{1ffff}b'],
  ])('with %s is refused', (_what, text) => {
    for (const name of ['id', 'source', 'type', 'subject', 'tenant']) {
      expect(refusalOf({ [name]: text })).toMatchObject({ reason: 'envelope', path: `/${name}` });
    }
  });

  it('may hold every other character', () => {
    expect(refusalOf({ subject: 'Jörg 🚀 \u2028', tenant: 'a b' })).toEqual({});
  });

  it('that is an integer has 32 bits', () => {
    for (const tries of [2_147_483_647, -2_147_483_648]) expect(refusalOf({ tries })).toEqual({});
    for (const tries of [2_147_483_648, -2_147_483_649, 1.5]) expect(refusalOf({ tries })).toMatchObject({ path: '/tries' });
  });
});

describe('a source', () => {
  it.each([
    '/shop',
    'shop',
    'https://example.org/a?b=c#d',
    'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66',
    'mailto:a@example.org',
    '//host:8080/x',
    'http://[::1]/x',
    'a%20b',
    '/1:a',
  ])('may be the URI reference %s', (source) => {
    expect(refusalOf({ source })).toEqual({});
  });

  it.each(['my shop', '<shop>', '1:a', 'a%2', '/ä', '/a#b#c', 'http://[::1', '\\shop', '//a@b@c'])('may not be %s', (source) => {
    expect(refusalOf({ source })).toMatchObject({ reason: 'envelope', path: '/source' });
  });
});

it('a data schema is a URI with a scheme', () => {
  expect(refusalOf({ dataschema: 'https://example.org/order.json' })).toEqual({});
  expect(refusalOf({ dataschema: '/order.json' })).toMatchObject({ path: '/dataschema' });
});

describe('data', () => {
  it.each([
    ['{"amount":1e999}', '/data/amount'],
    ['{"lines":[{"a/b":-1e999}]}', '/data/lines/0/a~1b'],
  ])('%s, which cannot be kept, is refused', (text, path) => {
    expect(refusalOf({ data: JSON.parse(text) as unknown })).toMatchObject({ reason: 'json', path });
  });

  it('nested without end is refused, wherever it is', () => {
    const deep = JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)) as unknown;
    for (const over of [{ data: deep }, { data: { a: deep } }, { tenant: deep }])
      expect(refusalOf(over)).toMatchObject({ reason: 'too-large' });
    expect(checkEnvelope(deep)).toMatchObject({ refusal: { reason: 'too-large' } });
  });

  it('nested as deeply as people nest is taken', () => {
    expect(refusalOf({ data: JSON.parse('['.repeat(90) + ']'.repeat(90)) as unknown })).toEqual({});
  });
});

describe('a time', () => {
  it('may be a leap second, and counts as the one after it', () => {
    expect(parseTime('2016-12-31T23:59:60Z')).toBe(Date.parse('2017-01-01T00:00:00Z'));
    expect(parseTime('2017-01-01T00:59:60.250+01:00')).toBe(Date.parse('2017-01-01T00:00:00.250Z'));
  });

  it.each(['2016-12-31T12:00:60Z', '2016-12-31T23:59:61Z', '2016-12-31T24:00:00Z', '2016-12-31T23:60:00Z', '2016-12-31T23:00:00+24:00'])(
    '%s is none',
    (text) => {
      expect(parseTime(text)).toBeUndefined();
    },
  );

  it('may be written in small letters', () => {
    expect(parseTime('2016-12-31t12:00:00z')).toBe(Date.parse('2016-12-31T12:00:00Z'));
  });
});
