import { eventually } from '@roofshot/testing/eventually';
import { showProgress } from './progress.ts';

const TIME = Date.parse('2001-01-15T04:00:00Z');

async function linesWith(lags: Readonly<Record<string, number | null>>): Promise<string> {
  const lines: string[] = [];
  let asked = 0;
  const source = { events: () => 5, lag: () => Promise.resolve(lags).finally(() => (asked += 1)) };
  const progress = showProgress(source, (text) => lines.push(text), true);
  // What a look at the lags found is shown by the next line, a second later.
  await eventually(() => {
    progress.at(TIME);
    return asked > 0 && lines.length > 1;
  });
  return lines.join('');
}

test('only those who lag are named', async () => {
  const text = await linesWith({ ingestion: 0, features: 12, serving: null, experiments: 3 });
  expect(text).toMatch(/2001-01-15 04:00 +\d+ events\/s {2}lag features 12, experiments 3/);
});

test('where nobody lags, that is said', async () => {
  expect(await linesWith({ ingestion: 0, features: 0 })).toMatch(/events\/s {2}no lag/);
});
