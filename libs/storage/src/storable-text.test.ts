import { storableKey, storableText } from './storable-text.ts';

describe('text that others wrote', () => {
  it('shows U+0000, which PostgreSQL cannot hold, and is left alone where it has none', () => {
    expect(storableText('a\0b')).toBe('a\\u0000b');
    expect(storableText('grün')).toBe('grün');
  });

  it('is cut to what an index takes when it is a key, so that different keys stay different', () => {
    const keys = ['x', 'y'].map((end) => storableKey('ü'.repeat(5_000) + end));
    for (const key of keys) expect(Buffer.byteLength(key)).toBeLessThan(1_500);
    expect(new Set(keys).size).toBe(2);
    expect(storableKey('k1')).toBe('k1');
  });

  it.each(['a\0b', 'ü'.repeat(5_000)])('is the same when it is made storable again', (key) => {
    expect(storableKey(storableKey(key))).toBe(storableKey(key));
  });
});
