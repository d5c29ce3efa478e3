import { section } from './document.ts';
import { atLeast, atMost, barText, isMet, type Row } from './rows.ts';

const ROWS: readonly Row[] = [
  { key: 'events_per_s', value: 10_200, unit: 'events/s', bar: atLeast(3_000) },
  { key: 'predict_ms_p50', value: 5.07, unit: 'ms', bar: atMost(5, '50 requests a second') },
];

test('a figure is compared with its bar in the direction that counts', () => {
  expect(ROWS.map(isMet)).toEqual([true, false]);
  expect(isMet({ key: 'k', value: 5, unit: 'ms', bar: atMost(5) })).toBe(true);
  expect(ROWS.map(({ bar }) => barText(bar))).toEqual(['≥ 3,000', '≤ 5; 50 requests a second']);
});

test('the published table marks what misses its bar, and says it in a sentence', () => {
  const text = section('loop', ROWS);
  expect(text).toContain('| events_per_s | 10,200 events/s | ≥ 3,000 | ✓ |');
  expect(text).toContain('| predict_ms_p50 | 5.07 ms | ≤ 5; 50 requests a second | **✗ missed** |');
  expect(text).toContain('Misses its bar: `predict_ms_p50`.');
  expect(section('loop', ROWS.slice(0, 1))).not.toMatch(/✗|Misses/);
});
