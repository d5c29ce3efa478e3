import type { EventBus } from './bus.ts';
import { freshTopic, specOf, type BusLab } from './log-lab.ts';

/** What the parts of a conformance suite share; functions, because the lab starts after the tests are declared. */
export interface Context {
  readonly lab: () => BusLab;
  readonly bus: () => EventBus;
}

/** Creates a topic that no other test has. */
export async function newTopic({ bus }: Context, options: Parameters<typeof specOf>[1] = {}, name = freshTopic()): Promise<string> {
  await bus().ensureTopics([specOf(name, options)]);
  return name;
}

/** Everything on a topic, partition by partition. */
export async function readAll(bus: EventBus, topic: string): Promise<{ key: string; value: unknown; offset: number; partition: number }[]> {
  const parts = await Promise.all((await bus.bounds(topic)).map((bounds) => bus.readFrom(bounds, bounds.start, 100_000)));
  return parts.flat().map(({ key, value, offset, partition }) => ({ key, value: JSON.parse(value) as unknown, offset, partition }));
}

/** 0 … n − 1 */
export const count = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
