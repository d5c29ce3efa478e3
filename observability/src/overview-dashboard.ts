import { dashboard } from './dashboard.ts';
import { by, count, durationPercentile, overTime } from './lens-columns.ts';
import { REQUESTS, TROUBLE } from './lucene.ts';
import { chart, table, words } from './panels.ts';

const WHAT_TO_DO = `**Is it working, and if not: who says what?**

- A service whose lines stop is down or cut off: ask its \`/readyz\`, which names what it waits for.
- Begin with *Errors and warnings by sentence*: errors are bugs and exhausted retries, and each needs a person. A sentence that many services say names a server that is away.
- A click on a correlation id opens the journey of that request; the lines are in [Errors and warnings](discover#/view/roofshot-errors-and-warnings).
- Answered requests are written at \`LOG_LEVEL=debug\`; above it the panels of requests are empty, and the metric \`roofshot.<service>.http.ms\` has the figures.`;

export const overviewDashboard = dashboard({
  id: 'roofshot-overview',
  title: 'Overview',
  description: 'Is it working, and if not: who says what?',
  rows: [
    { height: 8, panels: [words('What this shows', WHAT_TO_DO)] },
    {
      height: 12,
      panels: [
        chart('bar_stacked', {
          title: 'Lines by level',
          query: '',
          columns: [by('log.level', { label: 'Level' }), overTime(), count('Lines')],
        }),
        chart('bar_stacked', {
          title: 'Lines by service',
          query: '',
          columns: [by('service.name', { label: 'Service' }), overTime(), count('Lines')],
        }),
      ],
    },
    {
      height: 15,
      panels: [
        table({
          title: 'Errors and warnings by sentence',
          query: TROUBLE,
          columns: [
            by('log.level', { label: 'Level' }),
            by('service.name', { label: 'Service' }),
            by('message.keyword', { label: 'Sentence', size: 50 }),
            count('Lines'),
          ],
        }),
      ],
    },
    {
      height: 12,
      panels: [
        chart('bar_stacked', {
          title: 'Requests by status',
          query: REQUESTS,
          columns: [by('http.response.status_code', { label: 'Status', dataType: 'number' }), overTime(), count('Requests')],
        }),
        chart('line', {
          title: 'Duration of requests',
          query: REQUESTS,
          columns: [overTime(), durationPercentile(50), durationPercentile(99)],
        }),
      ],
    },
    {
      height: 15,
      panels: [
        table({
          title: 'Requests by route and status',
          query: REQUESTS,
          columns: [
            by('service.name', { label: 'Service' }),
            by('labels.route', { label: 'Route', size: 50 }),
            by('http.response.status_code', { label: 'Status', dataType: 'number' }),
            count('Requests'),
            durationPercentile(50),
            durationPercentile(99),
          ],
        }),
      ],
    },
  ],
});
