import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineTopic, OTHERS } from '@roofshot/contracts/define';
import { onRecords } from '@roofshot/messaging/handlers';
import { tally } from '../test/tally.ts';
import { eventMap, eventMapTable } from './event-map.ts';

const test_ = join(dirname(fileURLToPath(import.meta.url)), '..', 'test');

test('each message has a row per reader, down to the function and its file', async () => {
  const rows = await eventMap([tally], new Map([['tally', test_]]), join(test_, '..'));
  expect(rows).toEqual([
    { message: 'counter.changed', publisher: 'tally', topic: 'tallies.v1', group: 'tally', handler: 'Tally.count', file: 'test/tally.ts' },
    { message: 'tally.added', publisher: 'tally', topic: 'tallies.v1', group: 'tally', handler: 'Tally.count', file: 'test/tally.ts' },
    { message: 'audit.recorded', publisher: 'tally', topic: 'audit.v1', group: 'public', handler: '–', file: '' },
    { message: 'tally.add', publisher: 'tally', topic: 'tally.add.v1', group: 'tally', handler: 'Tally.add', file: 'test/tally.ts' },
  ]);
});

test('what others write has a row with its reader', async () => {
  const inbox = defineTopic('inbox.v1', { events: [], key: () => '', owner: OTHERS, retentionDays: 1, description: 'Of others.' });
  const reader = {
    ...tally,
    publishes: [],
    sends: [],
    kinds: [],
    handlers: () => [onRecords(inbox, () => Promise.reject(new Error('Nothing is read here.')))],
  };
  expect(await eventMap([reader], new Map([['tally', test_]]), join(test_, '..'))).toMatchObject([
    { message: 'any', publisher: 'other teams', topic: 'inbox.v1', group: 'tally' },
  ]);
});

test('the table is Markdown', () => {
  const table = eventMapTable([{ message: 'a.b', publisher: 'p', topic: 't|u', group: 'g', handler: 'H.x', file: 'f.ts' }]);
  expect(table.split('\n')).toEqual([
    '| message | publisher | topic or queue | group | handler | file |',
    '| --- | --- | --- | --- | --- | --- |',
    '| a.b | p | t\\|u | g | H.x | f.ts |',
  ]);
});
