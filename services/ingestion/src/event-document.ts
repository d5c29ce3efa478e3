/** What `/openapi.json` says of `POST /v1/events`, whose bodies and headers the route reads itself. */
import { EventsAnswer, PROGRESS_HEADER } from '@roofshot/contracts/http/ingestion';
import type { RouteDetails } from '@roofshot/runtime/route-details';
import { Type, type TObject } from 'typebox';
import { BATCHED, NDJSON, STRUCTURED } from './read-events.ts';

const text = (description: string): ReturnType<typeof Type.String> => Type.String({ minLength: 1, description });
const optional = (description: string): ReturnType<typeof Type.Optional> => Type.Optional(text(description));

const ATTRIBUTES = {
  id: text('With source it tells this event from all others: what has both is a repeat, and its verdict is duplicate.'),
  source: Type.String({ format: 'uri-reference', minLength: 1, description: 'Who sends it.' }),
  type: text('The name of a declared EventType.'),
  subject: optional('What it is about. One subject is read in the order in which it was taken.'),
  time: Type.Optional(Type.String({ format: 'date-time', description: 'When it happened; absent: when it is accepted.' })),
  datacontenttype: optional('JSON, where it is given.'),
  dataschema: Type.Optional(Type.String({ format: 'uri', description: 'Kept as it comes.' })),
};

/** A CloudEvent 1.0.2 in JSON, as this door takes it. */
export const IncomingEvent = Type.Object(
  {
    specversion: Type.Literal('1.0'),
    ...ATTRIBUTES,
    data: Type.Optional(Type.Unknown({ description: 'As the schema of its EventType asks.' })),
  },
  {
    additionalProperties: Type.Union([Type.String(), Type.Integer(), Type.Boolean(), Type.Null()]),
    description: 'Other attributes are extensions: lower-case letters and digits.',
  },
);

const BINARY = 'In binary mode, where the body is the data alone.';
/** Attributes in headers, and what importers say beside them. */
const HEADERS: TObject = Type.Object({
  ...Object.fromEntries(
    ['specversion', 'id', 'source', 'type', 'subject', 'time'].map((name) => [
      `ce-${name}`,
      Type.Optional(Type.String({ description: BINARY })),
    ]),
  ),
  [PROGRESS_HEADER]: Type.Optional(
    Type.String({
      format: 'date-time',
      description: 'Of importers: every event with an earlier event time has been sent with this request or before.',
    }),
  ),
});

const EXAMPLE = {
  specversion: '1.0',
  id: '7f4a1c',
  source: '/shop/till-3',
  type: 'order.placed',
  subject: 'customer-17',
  time: '2026-03-01T12:00:00Z',
  data: { amount: 12.5 },
};
const VERDICTS = {
  accepted: 1,
  duplicate: 0,
  late: 0,
  quarantined: 1,
  results: [
    { id: '7f4a1c', verdict: 'accepted' },
    {
      id: '7f4a1d',
      verdict: 'quarantined',
      reason: 'schema',
      detail: 'data.amount must be number. Correct the event and send it again.',
      path: '/data/amount',
    },
  ],
};

const LINES =
  'A line for each event as soon as it is durable: its `line` (of the body, blank ones counted), and what results[] has. The last line has the sums as `summary`, and `error` where the rest could not be taken.';

/** Refusals that every door for events has. */
export const EVENT_REFUSALS = {
  400: 'The body is not what its media type says, or the one event that it holds is not valid. Nothing else of it was taken.',
  401: 'The write key is not in force, or one is asked for.',
  403: 'The write key has not the right.',
  413: 'The body is larger than is taken, for everyone or with this write key.',
  415: 'The media type or the encoding holds no events.',
  429: 'Too many events for this write key, or too much waits for the log: Retry-After says when to come again. Nothing was taken.',
  503: 'What makes events durable does not answer at the moment: Retry-After says when to come again. Nothing was taken.',
};

export const EVENTS_DOCUMENT: RouteDetails = {
  description:
    'CloudEvents 1.0.2: structured, batched, binary (attributes in ce-* headers), or as lines in constant memory. Bodies may be packed with gzip or br (Content-Encoding). 202 is answered when all that was accepted is durable.',
  headers: HEADERS,
  bodies: {
    [STRUCTURED]: { schema: IncomingEvent, examples: { order: EXAMPLE } },
    [BATCHED]: {
      schema: Type.Array(IncomingEvent, { maxItems: 5_000 }),
      examples: { orders: [EXAMPLE, { ...EXAMPLE, id: '7f4a1d', data: { amount: 'x' } }] },
    },
    [NDJSON]: {
      schema: Type.String({ description: 'A CloudEvent in JSON on each line.' }),
      examples: { lines: `${JSON.stringify(EXAMPLE)}\n` },
    },
    'application/json': {
      schema: Type.Unknown({ description: 'The data of one event in binary mode.' }),
      examples: { data: EXAMPLE.data },
    },
  },
  answers: {
    'application/json': { schema: EventsAnswer, examples: { verdicts: VERDICTS } },
    [NDJSON]: { schema: Type.String({ description: LINES }) },
  },
  refusals: EVENT_REFUSALS,
  security: ['bearer', 'basic'],
};
