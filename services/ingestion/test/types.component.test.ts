/** Event types in the languages of those who read and send them. */
import { IngestionLab } from './ingestion-lab.ts';

const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

const schema = (properties: object): object => ({ type: 'object', additionalProperties: false, properties });

async function read(path: string): Promise<{ status: number; type: string | null; text: string }> {
  const answer = await lab.fetch(path);
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
}

describe('the types of an event', () => {
  beforeAll(async () => {
    await lab.declare('bill.sent', { schema: schema({ amount: { type: 'number' } }) });
    await lab.declare('bill.sent', { schema: schema({ amount: { type: 'number' }, note: { type: 'string' } }) });
  });

  it('are those of the schema in force, in both languages', async () => {
    const typescript = await read('/v1/event-types/bill.sent/types.ts');
    expect(typescript).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
    expect(typescript.text).toContain('// Types of the event bill.sent, schema 2.');
    expect(typescript.text).toContain('readonly type: "bill.sent";');
    expect(typescript.text).toContain('readonly note?: string;');
    const python = await read('/v1/event-types/bill.sent/types.py');
    expect(python).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
    expect(python.text).toContain('class BillSentData(TypedDict):\n    amount: NotRequired[float]\n    note: NotRequired[str]\n');
  });

  it('are those of an earlier schema where that is asked for, as the registry numbers them', async () => {
    const { text } = await read('/v1/event-types/bill.sent/types.ts?version=1');
    expect(text).toContain('schema 1.');
    expect(text).not.toContain('note');
  });

  it('are refused with what there is, where there are none', async () => {
    expect(await read('/v1/event-types/bill.sent/types.ts?version=7')).toMatchObject({
      status: 404,
      text: expect.stringContaining('The event type bill.sent has no schema 7. It has 1, 2; leave version out for the newest.'),
    });
    expect(await read('/v1/event-types/bill.snt/types.py')).toMatchObject({
      status: 404,
      text: expect.stringContaining('No EventType bill.snt is declared. Did you mean bill.sent?'),
    });
    expect((await read('/v1/event-types/bill.sent/types.py?version=new')).status).toBe(400);
  });
});
