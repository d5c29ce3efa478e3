import type { TestDatabase } from '@roofshot/testing/postgres';
import { databaseWithDelivery } from '../test/delivery-schema.ts';
import { Checkpoints, Fenced, TopicReplaced } from './checkpoint.ts';
import type { Checkpoint, Task } from './checkpoint.ts';

const checkpoints = new Checkpoints('shop');
let db: TestDatabase;
let task: Task;
let count = 0;
beforeAll(async () => (db = await databaseWithDelivery()));
beforeEach(() => {
  task = { group: 'shop', topic: `orders-${(count += 1)}.v1`, partition: 0 };
});
afterAll(() => db.drop());

function claim(topicId = 'topic-1', initial = 0): Promise<Checkpoint> {
  return db.sql.transaction((tx) => checkpoints.claim(tx, task, topicId, initial));
}

function advance(epoch: number, start: number, end: number, progress?: Date): Promise<void> {
  return db.sql.transaction((tx) => checkpoints.advance(tx, { ...task, epoch, start, end, progress }));
}

test('a first claim begins at the initial offset, a later one where the last batch ended', async () => {
  expect(await claim('topic-1', 40)).toMatchObject({ epoch: 1, nextOffset: 40, progress: undefined });
  await advance(1, 40, 55);
  expect(await claim('topic-1', 0)).toMatchObject({ epoch: 2, nextOffset: 55 });
});

test('a newer claim fences the older one, whose whole transaction comes to nothing', async () => {
  await db.sql.query('CREATE TABLE folded (n integer)');
  const old = await claim();
  await claim();
  const late = db.sql.transaction(async (tx) => {
    await tx.query('INSERT INTO folded VALUES (1)');
    await checkpoints.advance(tx, { ...task, epoch: old.epoch, start: 0, end: 10 });
  });
  await expect(late).rejects.toThrow(Fenced);
  await expect(late).rejects.toThrow('Another member has taken over');
  expect(await db.sql.query('SELECT * FROM folded')).toEqual([]);
});

test('the same batch cannot be counted twice', async () => {
  const { epoch } = await claim();
  await advance(epoch, 0, 10);
  await expect(advance(epoch, 0, 10)).rejects.toThrow(Fenced);
  await advance(epoch, 10, 20);
});

test('of two members that fold the same batch at once, exactly one counts', async () => {
  const { epoch } = await claim();
  const outcomes = await Promise.allSettled([advance(epoch, 0, 10), advance(epoch, 0, 10)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('progress only moves forward and survives batches that say nothing about it', async () => {
  const { epoch } = await claim();
  const [ten, eleven] = [new Date('2001-01-13T10:00:00Z'), new Date('2001-01-13T11:00:00Z')];
  await advance(epoch, 0, 1, eleven);
  await advance(epoch, 1, 2, ten);
  await advance(epoch, 2, 3);
  const [position] = await checkpoints.positions(db.sql, 'shop').then((all) => all.filter(({ topic }) => topic === task.topic));
  expect(position).toMatchObject({ ...task, topicId: 'topic-1', nextOffset: 3, progress: eleven });
});

test('a topic that was made again stops the claim until somebody decides where to go on', async () => {
  await advance((await claim('old-id', 7)).epoch, 7, 9);
  await expect(claim('new-id')).rejects.toThrow(TopicReplaced);
  await expect(claim('new-id')).rejects.toThrow('(it was old-id and is new-id)');
  const reset = await db.sql.transaction((tx) => checkpoints.reset(tx, task, 'new-id', 0));
  expect(reset).toMatchObject({ topicId: 'new-id', nextOffset: 0, epoch: 2 });
  expect(await claim('new-id')).toMatchObject({ epoch: 3, nextOffset: 0 });
});

test('a reset fences whoever holds the task', async () => {
  const { epoch } = await claim();
  await db.sql.transaction((tx) => checkpoints.reset(tx, task, 'topic-1', 0));
  await expect(advance(epoch, 0, 5)).rejects.toThrow(Fenced);
});
