import { OTHERS, type TopicDefinition } from '@roofshot/contracts/define';
import type { TopicSpec } from '@roofshot/messaging/events';
import { deliveryMigrations } from '@roofshot/storage/delivery-migrations';
import type { MigrationClass } from '@roofshot/storage/migrate';
import { conversationOf } from './conversation.ts';
import { resourceMigrations } from './resource-migrations.ts';
import { schemaOf } from './schema-of.ts';
import type { AnyService, PortName } from './service.ts';

/** What the services of a process need of its ports, taken together. */
export interface PortNeeds {
  readonly services: number;
  readonly ports: ReadonlySet<PortName>;
  /** Those that nobody here writes to. */
  readonly readsOnly: ReadonlySet<PortName>;
  readonly schemas: readonly NeededSchema[];
  readonly topics: readonly TopicSpec[];
  readonly queues: readonly string[];
}

export interface NeededSchema {
  readonly service: string;
  readonly schema: string;
  readonly migrations: readonly MigrationClass[];
}

export function portNeedsOf(services: readonly AnyService[]): PortNeeds {
  const ports = new Set(services.flatMap(({ needs }) => needs));
  const written = new Set(services.flatMap(({ needs, readsOnly = [] }) => needs.filter((port) => !readsOnly.some((one) => one === port))));
  const conversations = services.map(conversationOf);
  const queues = conversations.flatMap(({ sends, handles }) => [...sends, ...handles]).map(({ queue }) => queue);
  return {
    services: services.length,
    ports,
    readsOnly: new Set([...ports].filter((port) => !written.has(port))),
    schemas: services.filter(({ needs }) => needs.includes('sql')).map(schemaNeedOf),
    topics: topicsOf(conversations),
    queues: [...new Set(queues)],
  };
}

function schemaNeedOf({ name, kinds, migrations }: AnyService): NeededSchema {
  const ofKinds = kinds.length > 0 ? resourceMigrations : [];
  return { service: name, schema: schemaOf(name), migrations: [...deliveryMigrations, ...ofKinds, ...migrations] };
}

function topicsOf(conversations: readonly Pick<ReturnType<typeof conversationOf>, 'publishes' | 'hears'>[]): TopicSpec[] {
  const uses = new Map<TopicDefinition, Set<'read' | 'write'>>();
  const use = (topic: (typeof conversations)[number]['hears'][number], how: 'read' | 'write'): void => {
    if (topic.kind === 'topic') uses.set(topic, (uses.get(topic) ?? new Set()).add(how));
  };
  for (const { publishes, hears } of conversations) {
    for (const topic of publishes) use(topic, 'write');
    for (const topic of hears) use(topic, 'read');
  }
  return [...uses].map(([topic, how]) => ({ ...specOf(topic), uses: [...how] }));
}

const DAY_MS = 86_400_000;

function specOf({ name, retentionDays, compacted = false, owner }: TopicDefinition): TopicSpec {
  const retentionMs = retentionDays === 'forever' ? null : retentionDays * DAY_MS;
  return { name, retentionMs, compacted, ...(owner === OTHERS && { isForOthers: true }) };
}
