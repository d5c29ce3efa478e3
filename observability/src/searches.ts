import { JOURNEY, toLog } from './data-view.ts';
import { CORRELATED, HELD_UP, TROUBLE } from './lucene.ts';
import type { SavedObject } from './saved-object.ts';

interface SearchDefinition {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly query: string;
  readonly columns: readonly string[];
  readonly newestFirst: boolean;
}

const INDEX_REFERENCE = 'kibanaSavedObjectMeta.searchSourceJSON.index';

function savedSearch({ id, title, description, query, columns, newestFirst }: SearchDefinition): SavedObject {
  return {
    id,
    type: 'search',
    attributes: {
      columns,
      description,
      grid: {},
      hideChart: false,
      isTextBasedQuery: false,
      kibanaSavedObjectMeta: { searchSourceJSON: { filter: [], indexRefName: INDEX_REFERENCE, query: { language: 'lucene', query } } },
      sort: [['@timestamp', newestFirst ? 'desc' : 'asc']],
      timeRestore: false,
      title: `[Roofshot] ${title}`,
      usesAdHocDataView: false,
    },
    references: [toLog(INDEX_REFERENCE)],
  };
}

/** Oldest first, for it is read as a story. */
export const journeyOfOneId = savedSearch({
  id: JOURNEY,
  title: 'Journey of one id',
  description:
    'What happened to one request, event or prediction, in every service. Click a correlation id in any table, or write labels.correlation_id:"…" into the query. Lines of what went well are written at LOG_LEVEL=debug.',
  query: CORRELATED,
  columns: [
    'service.name',
    'message',
    'event.action',
    'labels.topic',
    'labels.queue',
    'labels.outcome',
    'event.reason',
    'event.id',
    'labels.correlation_id',
  ],
  newestFirst: false,
});

export const errorsAndWarnings = savedSearch({
  id: 'roofshot-errors-and-warnings',
  title: 'Errors and warnings',
  description:
    'Errors are bugs and retries that are exhausted: each needs a person. Warnings pass by themselves or were expected; many of one sentence tell what is away.',
  query: TROUBLE,
  columns: ['log.level', 'service.name', 'message', 'event.reason', 'error.message', 'labels.correlation_id'],
  newestFirst: true,
});

export const heldUp = savedSearch({
  id: 'roofshot-held-up',
  title: 'What waits or was given up',
  description:
    'Parked keys and the events behind them, dead letters, what handlers refused or skipped, quarantined and late events, stopped partitions. event.reason says why; the correlation id leads to the rest.',
  query: HELD_UP,
  columns: [
    'service.name',
    'message',
    'event.action',
    'labels.topic',
    'labels.partition',
    'labels.offset',
    'labels.queue',
    'labels.outcome',
    'event.reason',
    'labels.correlation_id',
  ],
  newestFirst: true,
});
