import { audit } from '@roofshot/contracts/audit';
import { eventsInbox, refusedEvents, topicOf } from '@roofshot/contracts/events';
import { PayloadMasks } from './payload-masks.ts';

const masks = new PayloadMasks();
const data = { email: 'ann@example.org', amount: 1 };
const shown = (topic: string): string => JSON.stringify(masks.showEvent(topic, data));
masks.declare({
  name: 'order.placed',
  generation: 1,
  importer: false,
  deleted: false,
  personal: { schema: { properties: { email: { 'x-pii': 'drop' } } }, pointers: [] },
});
masks.declare({ name: 'door.opened', generation: 1, importer: false, deleted: false, personal: null });

describe('what a list of messages shows', () => {
  test('is all of the platform’s own, and of a type that holds nothing personal', () => {
    expect([shown(audit.name), shown(topicOf('door.opened'))]).toEqual([JSON.stringify(data), JSON.stringify(data)]);
  });

  test('is what is not marked of a type that is known', () => {
    expect(shown(topicOf('order.placed'))).toBe('{"amount":1}');
  });

  test.each([topicOf('unheard.of'), refusedEvents.name, eventsInbox.name, 'a-team-of-its-own'])('is nothing of %s', (topic) => {
    expect(shown(topic)).not.toContain('example');
    expect(shown(topic)).not.toContain('amount');
  });
});
