import type { estypes } from '@elastic/elasticsearch';

/** The index template of the log's data streams, as `PUT _index_template/logs-roofshot` takes it. */
export type LogIndexTemplate = Omit<estypes.IndicesPutIndexTemplateRequest, 'name'>;

export interface LogIndexOptions {
  /**
   * Whether the server has data streams, as every released Elasticsearch does. One that has none (a build of the bare core) also lacks
   * the field types that come in modules: it gets the same fields, as the nearest types of the core.
   */
  readonly dataStreams: boolean;
}

/** The template's name, under which it is replaced by the next one. */
export const LOG_INDEX_TEMPLATE = 'logs-roofshot';

/** The streams that hold the log, one per environment: `logs-roofshot-production`. */
export const LOG_STREAMS = 'logs-roofshot-*';

/** Terms beyond it are kept and shown, but not searched: Elasticsearch refuses a whole line for a term over 32,766 bytes. */
const LONGEST_TERM = 1024;

/** Long enough for "what happened last month"; the log repeats nothing that is not also in a database or on a topic. */
const RETENTION = '30d';

/** Above Elasticsearch's own template for `logs-*-*`, whose priority is 100. */
const PRIORITY = 200;

/** What a search for a bare word or a pasted id looks at. */
const SEARCHED_BY_DEFAULT = [
  'message',
  'error.message',
  'error.stack_trace',
  'error.type',
  'error.code',
  'event.id',
  'event.action',
  'event.reason.text',
  'trace.id',
  'url.path',
  'labels.correlation_id',
  'labels.topic',
  'labels.queue',
];

type Fields = Record<string, estypes.MappingProperty>;

const keyword: estypes.MappingProperty = { type: 'keyword', ignore_above: LONGEST_TERM };
const long: estypes.MappingProperty = { type: 'long' };

/**
 * How Elasticsearch keeps the log: only the fields named here are searched, the others are kept with their line, and no value is a
 * reason to refuse a line. Labels are found whatever their name, as words; those that are counted with are numbers.
 */
export function logIndexTemplate({ dataStreams }: LogIndexOptions): LogIndexTemplate {
  return {
    index_patterns: [LOG_STREAMS],
    priority: PRIORITY,
    version: 1,
    _meta: { description: "Roofshot's log lines: ECS fields, and labels for what ECS has no name for." },
    ...(dataStreams && { data_stream: {} }),
    template: {
      settings: settings(),
      mappings: {
        dynamic: false,
        date_detection: false,
        dynamic_templates: labelTemplates(),
        properties: fields(dataStreams),
      },
      ...(dataStreams && { lifecycle: { data_retention: RETENTION } }),
    },
  };
}

function settings(): estypes.IndicesIndexSettings {
  return {
    index: {
      codec: 'best_compression',
      // One node has nowhere to put a copy and would be yellow for ever.
      auto_expand_replicas: '0-1',
      mapping: { ignore_malformed: true, total_fields: { limit: 500, ignore_dynamic_beyond_limit: true } },
      query: { default_field: SEARCHED_BY_DEFAULT },
    },
  };
}

/**
 * Whatever a label holds first, it becomes a keyword: one type takes every value, and were it guessed from the first one, lines of two
 * processes that guess differently at the same moment would be refused.
 */
function labelTemplates(): Record<string, estypes.MappingDynamicTemplate>[] {
  return [{ labels: { path_match: 'labels.*', match_mapping_type: ['string', 'long', 'double', 'boolean'], mapping: keyword } }];
}

function fields(dataStreams: boolean): Fields {
  const text: estypes.MappingProperty = dataStreams ? { type: 'match_only_text' } : { type: 'text', norms: false };
  const constant = (value?: string): estypes.MappingProperty =>
    dataStreams ? { type: 'constant_keyword', ...(value !== undefined && { value }) } : keyword;
  return {
    '@timestamp': { type: 'date' },
    // The sentence itself is a term too: equal lines are counted by it.
    message: { ...text, fields: { keyword } },
    tags: keyword,
    data_stream: object({ type: constant('logs'), dataset: constant('roofshot'), namespace: constant() }),
    ecs: object({ version: keyword }),
    error: object({ code: keyword, message: text, stack_trace: text, type: keyword }),
    event: object({
      action: keyword,
      duration: long,
      id: keyword,
      // The line as it was, where a shipper could not read it: shown, never searched.
      original: { type: 'keyword', index: false, doc_values: false },
      outcome: keyword,
      reason: { ...keyword, fields: { text } },
    }),
    host: object({ name: keyword }),
    http: object({ request: object({ method: keyword }), response: object({ status_code: long }) }),
    labels: { type: 'object', dynamic: true, subobjects: false, properties: knownLabels() },
    log: object({ file: object({ path: keyword }), level: keyword, logger: keyword }),
    service: object({ environment: keyword, name: keyword, version: keyword }),
    span: object({ id: keyword }),
    trace: object({ id: keyword }),
    url: object({ path: keyword }),
  };
}

const object = (properties: Fields): estypes.MappingProperty => ({ type: 'object', properties });

/** Numbers, and the words that dashboards and searches rely on, so that these exist before the first line that has them. */
function knownLabels(): Fields {
  const words = ['correlation_id', 'group', 'outcome', 'queue', 'route', 'topic'];
  const numbers = [
    'attempt',
    'attempts',
    'events',
    'failures',
    'lost',
    'offset',
    'partition',
    'position',
    'refused',
    'requests',
    'rows',
    'times',
  ];
  return Object.fromEntries([...words.map((name) => [name, keyword] as const), ...numbers.map((name) => [name, long] as const)]);
}
