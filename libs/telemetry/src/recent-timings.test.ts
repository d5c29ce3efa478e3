import { defineMetrics, timing } from './define-metrics.ts';
import { watchTimings } from './recent-timings.ts';

const metrics = defineMetrics('watched', { 'step.ms': timing('A step.', ['outcome']), 'other.ms': timing('Another.') });

it('tells the median over all tags, of the durations since the watch began', () => {
  metrics['step.ms'](1_000, { outcome: 'before' });
  const watch = watchTimings();
  for (const milliseconds of [5, 1, 4]) metrics['step.ms'](milliseconds, { outcome: `${milliseconds}` });
  expect(watch.medians('roofshot.watched.')).toEqual({ 'roofshot.watched.step.ms': 4 });
  metrics['step.ms'](7, { outcome: 'done' });
  expect(watch.medians('roofshot.watched.')).toEqual({ 'roofshot.watched.step.ms': 4.5 });
  expect(watch.medians('roofshot.else.')).toEqual({});
  watch.stop();
});

it('forgets old durations', () => {
  const watch = watchTimings();
  for (let i = 0; i < 600; i++) metrics['other.ms'](900);
  for (let i = 0; i < 512; i++) metrics['other.ms'](2);
  expect(watch.medians('roofshot.watched.other')).toEqual({ 'roofshot.watched.other.ms': 2 });
  watch.stop();
});

it('watches go on when another one ends, and begin anew after the last', () => {
  const [first, second] = [watchTimings(), watchTimings()];
  first.stop();
  first.stop();
  metrics['step.ms'](3, { outcome: 'done' });
  expect(second.medians('roofshot.watched.')).toEqual({ 'roofshot.watched.step.ms': 3 });
  second.stop();
  const third = watchTimings();
  expect(third.medians('roofshot.watched.')).toEqual({});
  third.stop();
});
