import { ModelVersion, Ordinal, Reason, RunId, Timestamp } from '../src/ids.ts';
import { validatorOf } from '../src/validate.ts';

describe('named scalars', () => {
  it.each(['2026-02-28T12:00:00Z', '2026-02-28T12:00:00.123456+01:00', '2016-12-31T23:59:59Z'])('take the time %s', (text) => {
    expect(validatorOf(Timestamp).check(text)).toBe(true);
  });

  it.each(['2016-12-31T23:59:60Z', '2026-02-30T00:00:00Z', '2026-02-28T12:00:00Z[UTC]', '2026-02-28', '2026-02-28T12:00:00', 'yesterday'])(
    'refuse %s as a time, once, since nobody could read it',
    (text) => {
      expect(validatorOf(Timestamp).faults(text)).toHaveLength(1);
    },
  );

  it.each([0, -1, 1.5, 2_147_483_648, Infinity])('refuse %d as a version: its column has 32 bits', (number) => {
    expect(validatorOf(ModelVersion).check(number)).toBe(false);
    expect(validatorOf(Ordinal).check(2_147_483_647)).toBe(true);
  });

  it('refuse what no log line, header or database text can hold as it is', () => {
    for (const id of ['a\0b', 'a\nb', '\x7f', '', 'x'.repeat(129)]) expect([id, validatorOf(RunId).check(id)]).toEqual([id, false]);
    expect(validatorOf(RunId).check('run é💥 1')).toBe(true);
    expect(validatorOf(Reason).check('a\0b')).toBe(false);
    expect(validatorOf(Reason).check('two\nlines')).toBe(true);
  });
});
