import { writeJson } from './write-json.ts';

describe('JSON text of what was read', () => {
  it.each(['null', '0', '"a\\"b"', '[]', '{}', '[1,[true,{"a":null,"b":[{}]}],"x"]', '{"__proto__":{"a":1},"":[]}'])(
    'is %s again',
    (text) => {
      expect(writeJson(JSON.parse(text))).toBe(text);
    },
  );

  it('keeps a number beyond the range one', () => {
    expect(writeJson(JSON.parse('{"a":1e999,"b":[-1e999]}'))).toBe('{"a":1e999,"b":[-1e999]}');
  });

  it('takes any depth', () => {
    const text = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(writeJson(JSON.parse(text))).toBe(text);
  });
});
