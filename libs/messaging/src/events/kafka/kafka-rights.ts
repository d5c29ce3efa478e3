import type { TopicSpec } from '../bus.ts';
import type { TopicMetadata } from './metadata-protocol.ts';

/** Codes of org.apache.kafka.common.acl.AclOperation. */
const OPERATIONS = { Read: 3, Write: 4, DescribeConfigs: 10 } as const;
/** Who writes to a topic asks first how large a batch it takes. */
const NEEDED = { read: ['Read'], write: ['Write', 'DescribeConfigs'] } as const;

const ORDER = ['Create', 'Describe', 'Read', 'Write', 'DescribeConfigs'] as const;
type Operation = (typeof ORDER)[number];

/** Rights that are missing, by topic. */
export class MissingRights {
  readonly #topics = new Map<Operation, Set<string>>();

  add(operation: Operation, topic: string): void {
    this.#topics.set(operation, (this.#topics.get(operation) ?? new Set()).add(topic));
  }

  has(operation: Operation, topic: string): boolean {
    return this.#topics.get(operation)?.has(topic) === true;
  }

  /** What `found`, which holds the topics that this client may describe, does not allow. */
  addMissing(wanted: readonly TopicSpec[], found: ReadonlyMap<string, Pick<TopicMetadata, 'operations'>>): void {
    for (const { name, uses = [] } of wanted) {
      const topic = found.get(name);
      const needed = uses.flatMap((use) => NEEDED[use]);
      const missing = topic === undefined ? (['Describe'] as const) : needed.filter((operation) => !allows(topic, operation));
      for (const operation of missing) this.add(operation, name);
    }
  }

  /** `Write (a, b), Create (c)`; undefined when none is missing. A topic that could not be made cannot be described either. */
  describe(): string | undefined {
    const created = this.#topics.get('Create');
    for (const topic of created ?? []) this.#topics.get('Describe')?.delete(topic);
    const told = ORDER.map((operation) => ({ operation, topics: [...(this.#topics.get(operation) ?? [])] }))
      .filter(({ topics }) => topics.length > 0)
      .map(({ operation, topics }) => `${operation} (${topics.join(', ')})`);
    return told.length === 0 ? undefined : told.join(', ');
  }
}

function allows({ operations }: Pick<TopicMetadata, 'operations'>, operation: keyof typeof OPERATIONS): boolean {
  return ((operations >> OPERATIONS[operation]) & 1) === 1;
}
