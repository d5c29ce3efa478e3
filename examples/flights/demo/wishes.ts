/** What the user asks of the demo: its flags. */
import { parseArgs } from 'node:util';
import { nearestNames } from '@roofshot/feature-defs/nearest';

export interface Wishes {
  readonly help: boolean;
  readonly exit: boolean;
  readonly json: boolean;
  /** The signal is destroyed first. */
  readonly permute: boolean;
  /** The whole network of airports instead of the hubs. */
  readonly large: boolean;
  /** Kafka, RabbitMQ, Redis, S3, Elasticsearch and a PostgreSQL server instead of what is embedded. */
  readonly servers: boolean;
  /** Default: a new folder of the machine's for temporary files. */
  readonly data: string | undefined;
  readonly port: string | undefined;
  /** Of the experiment. */
  readonly days: number;
}

export const MAX_DAYS = 7;
/** Two days of the whole network are more flights (33,000) than a week of the hubs (27,000); with them the large run stays below 2.5 GB. */
export const LARGE_DAYS = 2;

export const HELP = `usage: npm run demo -- [flags]

Replays real flights of January 2001 through the whole platform: events become features, two versions of a model are
trained, an experiment decides between them, and two faults roll the winner back.

  --days N      the experiment lasts N whole days, 1 to ${MAX_DAYS}; default ${MAX_DAYS}, as declared, or ${LARGE_DAYS} with --large.
                Its rule asks for all N days before it decides
  --large       the whole network, 229 airports instead of the 20 hubs: four times the events of each day
  --permute     give the delays to other flights first: nothing is left to learn, so the old model must be kept
  --servers     on a real Kafka, RabbitMQ, PostgreSQL, Redis, S3-compatible store and Elasticsearch, which are fetched
                the first time and started here: the same figures as without
  --exit        end after the report; else the platform and its console stay open
  --json        the figures as one JSON object on the last line of the output; all else goes to the error output
  --data DIR    keep the data there; default a new temporary folder. About 1 GB, with --large 3 GB; they stay until you
                delete them
  --port N      of the gateway and the console; default 4100
  --help        this text

The demo needs about four minutes on two idle cores, with --large about six. The whole week of the whole network
(--large --days 7) takes about a quarter of an hour and 3.2 GB of memory.
`;

const OPTIONS = {
  help: { type: 'boolean', default: false },
  exit: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  permute: { type: 'boolean', default: false },
  large: { type: 'boolean', default: false },
  servers: { type: 'boolean', default: false },
  data: { type: 'string' },
  port: { type: 'string' },
  days: { type: 'string' },
} as const;

/** Throws a sentence for a flag that does not exist or a number of days that cannot be. */
export function readWishes(args: readonly string[]): Wishes {
  const { values } = parse(args);
  const { help, exit, json, permute, large, servers, data, port } = values;
  return { help, exit, json, permute, large, servers, data, port, days: readDays(values.days, large) };
}

function parse(args: readonly string[]): ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>> {
  try {
    return parseArgs({ args: [...args], options: OPTIONS });
  } catch (error) {
    throw new Error(`${reasonOf(error)} See npm run demo -- --help`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, unknown] = /Unknown option '--([^']+)'/.exec(message) ?? [];
  if (unknown === undefined) return `${message}.`;
  const near = nearestNames(unknown, Object.keys(OPTIONS), 1).map((name) => ` Did you mean --${name}?`);
  return `There is no flag --${unknown}.${near.join('')}`;
}

function readDays(text: string | undefined, large: boolean): number {
  if (text === undefined) return large ? LARGE_DAYS : MAX_DAYS;
  const days = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (days >= 1 && days <= MAX_DAYS) return days;
  throw new Error(`--days ${text}: the experiment lasts 1 to ${MAX_DAYS} whole days. Give a number of them.`);
}
