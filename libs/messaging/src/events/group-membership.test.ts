import { ownerOf } from './group-membership.ts';

const member = (id: string, topics: readonly string[] = ['a'], prefix: string | null = null) => ({ member: id, topics, prefix });
const ownersOf = (topic: string, partitions: number, members: readonly ReturnType<typeof member>[]): (string | undefined)[] =>
  Array.from({ length: partitions }, (_, partition) => ownerOf({ topic, partition }, members)?.member);

describe('who reads a partition', () => {
  it('is the same whoever asks, in whatever order it knows the members', () => {
    const members = ['x', 'y', 'z'].map((id) => member(id));
    expect(ownersOf('a', 6, members)).toEqual(ownersOf('a', 6, [...members].reverse()));
  });

  it('spreads a topic evenly over those who subscribe to it, by name or by prefix', () => {
    const members = [member('x'), member('y', ['b']), member('z', [], 'a'), member('w')];
    const owners = ownersOf('a', 9, members);
    for (const id of ['x', 'z', 'w']) expect(owners.filter((owner) => owner === id)).toHaveLength(3);
  });

  it('begins with another member for other topics, so that small topics do not all fall to one', () => {
    const topics = Array.from({ length: 40 }, (_, i) => `events.type-${i}`);
    const members = ['x', 'y'].map((id) => member(id, [], 'events.'));
    const firsts = new Set(topics.map((topic) => ownerOf({ topic, partition: 0 }, members)?.member));
    expect(firsts).toEqual(new Set(['x', 'y']));
  });

  it('is nobody when nobody subscribes', () => {
    expect(ownerOf({ topic: 'c', partition: 0 }, [member('x')])).toBeUndefined();
  });
});
