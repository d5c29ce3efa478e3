import { PayloadMasks } from './payload-masks.ts';

const declared = { generation: 1, importer: false, deleted: false };
const marked = { schema: { properties: { mail: { 'x-pii': true } } }, pointers: ['/phone'] };
const data = { mail: 'ann@example.org', phone: '+49 170 1', amount: 3 };

let masks: PayloadMasks;
beforeEach(() => (masks = new PayloadMasks()));

test('of an event only what its declaration allows is shown', () => {
  masks.declare({ name: 'person.seen', ...declared, personal: marked });
  masks.declare({ name: 'order.placed', ...declared, personal: null });
  expect(masks.showEvent('events.person.seen', data)).toEqual({ amount: 3 });
  expect(masks.showEvent('events.order.placed', data)).toEqual(data);
});

test('nothing is shown of a type that is not known, is gone, or was declared before anybody said what is personal', () => {
  masks.declare({ name: 'old.one', ...declared });
  masks.declare({ name: 'gone.one', ...declared, personal: null });
  masks.declare({ name: 'gone.one', ...declared, generation: 2, deleted: true });
  const shown = ['events.old.one', 'events.gone.one', 'events.never.heard', 'events-inbox.v1', 'events-refused.v1', 'of-others'].map(
    (topic) => masks.showEvent(topic, data),
  );
  expect(JSON.stringify(shown)).not.toMatch(/ann@|\+49/);
});

test('the platform says itself what it says, but for whom an order erases', () => {
  expect(masks.showEvent('predictions.v1', { unit: 'u' })).toEqual({ unit: 'u' });
  expect(masks.showCommand('training-run.start', { runId: 'r' })).toEqual({ runId: 'r' });
  expect(masks.showCommand('features.erase-subject', { erasureId: 'e', subject: 'ann' })).toEqual({
    erasureId: 'e',
    subject: expect.not.stringContaining('ann'),
  });
});
