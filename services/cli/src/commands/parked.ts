/** `roofshot parked VIEW`: events that a feature view could not read. */
import type { ParkedEvents } from '@roofshot/contracts/http/features';
import type { Static } from 'typebox';
import { call } from '../client.ts';
import { EXIT, Exit } from '../exit-codes.ts';
import { out, printJson, tableLines } from '../print.ts';
import { numberOf, type CommandLine } from './command.ts';

export const parked: CommandLine = {
  name: 'parked',
  usage: 'parked VIEW [--limit 50]',
  summary: 'events that an expression of a feature view could not read, with the reason',
  options: { limit: { type: 'string' } },
  run: async (invocation) => {
    const [view] = invocation.positionals;
    if (view === undefined) throw new Exit(EXIT.usage, 'Name a feature view; `roofshot get feature-views` lists them.');
    const path = `/v1/feature-views/${encodeURIComponent(view)}/parked-events?limit=${numberOf(invocation, 'limit', 50)}`;
    const answer = await call<Static<typeof ParkedEvents>>(invocation.url, path);
    if (invocation.json) printJson(answer);
    else if (answer.count === 0) out(`${view} could read every event.`);
    else out(linesOf(view, answer).join('\n'));
    return EXIT.ok;
  },
};

function linesOf(view: string, { count, items }: Static<typeof ParkedEvents>): string[] {
  const rows = items.map(({ eventId, eventTime, topic, partition, offset, reason }) => [
    eventId,
    eventTime ?? '–',
    `${topic}/${partition}/${offset}`,
    reason,
  ]);
  return [
    `${count} event${count === 1 ? '' : 's'} count${count === 1 ? 's' : ''} for nothing in ${view}. Correct its expressions and apply it: then they are read again.`,
    ...tableLines(['EVENT', 'TIME', 'PLACE', 'WHY'], rows),
  ];
}
