import { silent } from '../events/log-lab.ts';
import { FollowDelivery } from './follow-delivery.ts';

it('what is no record before the end of what is followed counts as read, whatever retention drops of it later', async () => {
  const following = new FollowDelivery({ service: 'tests', log: silent }, []);
  const bounds = { topic: 't', partition: 0, topicId: 'u', start: 0, end: 2 };
  expect(await following.claim(bounds)).toBe(0);
  await following.caughtUp(bounds, 2);
  expect(await following.claim({ ...bounds, start: 2 })).toBe(2);
});
