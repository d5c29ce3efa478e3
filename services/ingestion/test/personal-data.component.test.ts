/** Personal data: what a schema marks is not told by lists and traces, and is told to who asks for it and is noted. */
import type { TraceAnswer } from '@roofshot/contracts/http/ingestion';
import type { RefusedEvent } from '@roofshot/contracts/http/quarantine';
import { event } from './ingestion-lab.ts';
import { QuarantineLab } from './quarantine-lab.ts';

const lab = new QuarantineLab();
beforeAll(async () => {
  await lab.open();
  await lab.declare('person.seen', {
    schema: {
      type: 'object',
      $defs: { contact: { properties: { mail: { type: 'string', 'x-pii': true }, phone: { type: 'string', 'x-pii': 'drop' } } } },
      properties: { person: { $ref: '#/$defs/contact' }, age: { type: 'number' } },
    },
  });
}, 60_000);
afterAll(() => lab.close());

const seen = (over: object): Record<string, unknown> =>
  event({ type: 'person.seen', data: { person: { mail: 'ann@example.org', phone: '+49 170 1' }, age: 'old' }, ...over });
const dataOf = ({ original }: RefusedEvent): unknown => (JSON.parse(original ?? '{}') as { data?: unknown }).data;

test('a refused event is listed without it, equal values with equal hashes, and with what is wrong elsewhere', async () => {
  await lab.post([seen({ id: 'p1' }), seen({ id: 'p2' })]);
  const [first, second] = [await lab.only({ eventId: 'p1' }), await lab.only({ eventId: 'p2' })];
  expect(dataOf(first)).toEqual({ person: { mail: expect.stringMatching(/^hmac:[0-9a-f]{24}$/) as string }, age: 'old' });
  expect(dataOf(first)).toEqual(dataOf(second));
  expect(first).toMatchObject({ path: '/data/age', detail: expect.stringContaining('number') as string });
  expect(dataOf(await lab.get<RefusedEvent>(`/v1/quarantine/${first.id}`))).toEqual(dataOf(first));
});

test('what is wrong within it is not told either', async () => {
  await lab.post([seen({ id: 'p3', data: { person: { mail: 424242424242 } } })]);
  const listed = await lab.only({ eventId: 'p3' });
  expect(listed).toMatchObject({ path: '/data', detail: expect.stringContaining('reveal=true') as string });
  expect(JSON.stringify(listed)).not.toContain('424242424242');
});

test('of an event whose type nobody has declared no data is listed', async () => {
  await lab.post([event({ id: 'p4', type: 'never.declared', data: { mail: 'ann@example.org' } })]);
  const listed = await lab.only({ eventId: 'p4' });
  expect(JSON.parse(listed.original ?? '{}')).toMatchObject({ id: 'p4', type: 'never.declared' });
  expect(listed.original).not.toContain('ann@example.org');
});

test('who asks for it sees it, and the audit names them and the event', async () => {
  const { id } = await lab.only({ eventId: 'p1' });
  const answer = await lab.send(`/v1/quarantine/${id}?reveal=true`, { headers: { 'x-actor': 'ann' } });
  expect(dataOf(answer.body as unknown as RefusedEvent)).toMatchObject({ person: { mail: 'ann@example.org', phone: '+49 170 1' } });
  expect(await lab.audited('reveal-events')).toMatchObject([{ actor: 'ann', detail: { ids: [id] } }]);
});

test('a trace tells neither of accepted events nor of refused ones, nor anything of a type that is gone', async () => {
  await lab.post([seen({ id: 'p5', data: { person: { mail: 'bob@example.org', phone: '+49 170 2' }, age: 7 } })]);
  const trace = async (id: string): Promise<TraceAnswer> => lab.get(`/v1/events/trace/${id}`);
  const { hops } = await trace('p5');
  expect(hops.map(({ summary }) => summary)).toEqual([expect.stringMatching(/^person .*hmac:.*age 7$/)]);
  expect(JSON.stringify([hops, await trace('p1')])).not.toMatch(/ann@|bob@|\+49/);
  await lab.send('/v1/event-types/person.seen', { method: 'DELETE' });
  expect((await trace('p5')).hops.map(({ summary }) => summary)).toEqual(['']);
});

test('a mark that means nothing is refused with its place', async () => {
  const answer = await lab.declare('marked.wrongly', { schema: { properties: { mail: { 'x-pii': 'secret' } } } });
  expect(answer.status).toBe(422);
  expect(JSON.stringify(answer.body)).toContain('/schema/properties/mail/x-pii');
});
