import { dashboard } from './dashboard.ts';
import { by, count, durationPercentile, overTime } from './lens-columns.ts';
import { COMMAND_OUTCOMES, EVENT_OUTCOMES, HELD_UP, PUBLISHED } from './lucene.ts';
import { chart, linesOf, table, words } from './panels.ts';
import { heldUp } from './searches.ts';

const WHAT_TO_DO = `**Where do events and commands go, and what holds them up?**

- *Parked*: one event of a key could not be handled, and the key's later events wait behind it (*queued*). Read the reason, mend the cause, then put the key back to work.
- *Dead*: nothing tries it again. Of a command, the sender has to be told, or the command sent again.
- *Rejected*, *skipped*: the handler's own decision. Many at once tell of a sender that changed.
- Nothing published for long: look at the services' lines in the Overview.
- What went well (published, done, sent) is written at \`LOG_LEVEL=debug\`; above it only what was held up is here, and the metrics have the counts.`;

export const eventFlowDashboard = dashboard({
  id: 'roofshot-event-flow',
  title: 'Event flow',
  description: 'Where do events and commands go, and what holds them up?',
  rows: [
    { height: 9, panels: [words('What this shows', WHAT_TO_DO)] },
    {
      height: 12,
      panels: [
        chart('bar_stacked', {
          title: 'Published by topic',
          query: PUBLISHED,
          columns: [by('labels.topic', { label: 'Topic' }), overTime(), count('Events')],
        }),
        chart('bar_stacked', {
          title: 'Handled by outcome',
          query: EVENT_OUTCOMES,
          columns: [by('labels.outcome', { label: 'Outcome' }), overTime(), count('Events')],
        }),
      ],
    },
    {
      height: 15,
      panels: [
        table({
          title: 'Events by topic, service and outcome',
          query: EVENT_OUTCOMES,
          columns: [
            by('labels.topic', { label: 'Topic', size: 50 }),
            by('service.name', { label: 'Service' }),
            by('labels.outcome', { label: 'Outcome' }),
            count('Events'),
          ],
        }),
      ],
    },
    {
      height: 12,
      panels: [
        table({
          title: 'Commands by queue and outcome',
          query: COMMAND_OUTCOMES,
          columns: [
            by('labels.queue', { label: 'Queue', size: 50 }),
            by('labels.outcome', { label: 'Outcome' }),
            count('Commands'),
            durationPercentile(50),
            durationPercentile(99),
          ],
        }),
        chart('line', {
          title: 'Duration of commands',
          query: COMMAND_OUTCOMES,
          columns: [overTime(), durationPercentile(50), durationPercentile(99)],
        }),
      ],
    },
    {
      height: 12,
      panels: [
        table({
          title: 'Held up, by sentence',
          query: HELD_UP,
          columns: [by('message.keyword', { label: 'Sentence' }), by('service.name', { label: 'Service' }), count('Lines')],
        }),
      ],
    },
    { height: 18, panels: [linesOf(heldUp, 'What waits or was given up')] },
  ],
});
