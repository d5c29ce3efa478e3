/** Event types in the schema registry: what they keep, and how they are seen. */
import { IngestionLab } from './ingestion-lab.ts';

const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

const schema = (properties: object, more: object = {}): object => ({ type: 'object', additionalProperties: false, properties, ...more });
const amount = { type: 'number' };

async function read(path: string): Promise<unknown> {
  return (await lab.send(path)).body;
}

describe('an event type', () => {
  it('is a subject, with each schema that was declared as a version', async () => {
    await lab.declare('bill.sent', { schema: schema({ amount }) });
    await lab.declare('bill.sent', { schema: schema({ amount }), maxDelay: '60s' });
    await lab.declare('bill.sent', { schema: schema({ amount, note: { type: 'string' } }) });
    expect(await read('/subjects/bill.sent-value/versions')).toEqual([1, 2]);
    expect(await read('/subjects/bill.sent-value/versions/2')).toMatchObject({
      schemaType: 'JSON',
      schema: JSON.stringify(schema({ amount, note: { type: 'string' } })),
    });
    expect(await read('/config/bill.sent-value')).toEqual({ compatibilityLevel: 'NONE' });
  });

  it('whose compatibility a change breaks stays as it is, and every reason is told', async () => {
    expect((await lab.declare('bill.paid', { schema: schema({ amount }), compatibility: 'FULL' })).status).toBeLessThan(300);
    const broken = { schema: schema({ amount: { type: 'integer' }, id: { type: 'string' } }, { required: ['id'] }), compatibility: 'FULL' };
    const { status, body } = await lab.declare('bill.paid', broken);
    expect(status).toBe(422);
    const told = (body['faults'] as unknown as { path: string; message: string }[]).map(({ path, message }) => `${path} ${message}`);
    expect(told).toEqual([
      expect.stringMatching(/schema\/required is not backward compatible with schema 1 .*REQUIRED_PROPERTY_ADDED.*Add a default/),
      expect.stringMatching(/schema\/properties\/amount\/type is not backward compatible.*TYPE_NARROWED/),
      expect.stringMatching(/schema\/properties\/id is not forward compatible.*PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL/),
    ]);
    expect(await read('/subjects/bill.paid-value/versions')).toEqual([1]);
    expect(await read('/v1/event-types/bill.paid')).toMatchObject({ generation: 1 });
  });

  it('can be applied again whatever was declared before, and a dry run tells what would be refused', async () => {
    await lab.declare('bill.lost', { schema: schema({ amount }) });
    const now = { schema: schema({ amount: { type: 'string' } }) };
    await lab.declare('bill.lost', now);
    for (const compatibility of ['FULL_TRANSITIVE', 'FULL_TRANSITIVE'])
      expect((await lab.declare('bill.lost', { ...now, compatibility })).status).toBe(200);
    const next = { metadata: { name: 'bill.lost' }, spec: { schema: schema({ amount }), compatibility: 'BACKWARD' } };
    const dry = await lab.send('/v1/event-types/bill.lost?dryRun=true', {
      method: 'PUT',
      body: JSON.stringify({ apiVersion: 'roofshot/v1', kind: 'EventType', ...next }),
      headers: { 'content-type': 'application/json' },
    });
    expect([dry.status, JSON.stringify(dry.body)]).toEqual([422, expect.stringContaining('TYPE_CHANGED')]);
  });

  it('is changed by its declaration alone: a registry client may look it up, and register what is there', async () => {
    await lab.declare('bill.kept', { schema: schema({ amount }) });
    const ask = async (method: string, path: string, body?: object): Promise<number> =>
      (await lab.send(path, { method, ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }) }))
        .status;
    const same = { schemaType: 'JSON', schema: JSON.stringify(schema({ amount })) };
    const other = { schemaType: 'JSON', schema: JSON.stringify(schema({ amount, more: amount })) };
    expect(await ask('POST', '/subjects/bill.kept-value/versions', same)).toBe(200);
    expect(await ask('POST', '/subjects/bill.kept-value/versions', other)).toBe(422);
    expect(await ask('DELETE', '/subjects/bill.kept-value')).toBe(422);
    expect(await ask('PUT', '/config/bill.kept-value', { compatibility: 'FULL' })).toBe(422);
    expect(await read('/subjects/bill.kept-value/versions')).toEqual([1]);
  });

  it('that was declared before schemas were kept is compared with the one in force, which becomes its first version', async () => {
    await lab.declare('bill.old', { schema: schema({ amount }) });
    await lab.database.sql.query(`DELETE FROM ingestion.registry_versions WHERE subject = 'bill.old-value'`);
    const broken = await lab.declare('bill.old', { schema: schema({}), compatibility: 'BACKWARD' });
    expect([broken.status, JSON.stringify(broken.body)]).toEqual([
      422,
      expect.stringContaining('PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL'),
    ]);
    await lab.declare('bill.old', { schema: schema({ amount, note: amount }), compatibility: 'BACKWARD' });
    expect(await read('/subjects/bill.old-value/versions')).toEqual([1, 2]);
    expect(await read('/config/bill.old-value')).toEqual({ compatibilityLevel: 'BACKWARD' });
  });

  it('that is deleted is hidden, and goes on counting when it comes back', async () => {
    await lab.declare('bill.gone', { schema: schema({ amount }) });
    await lab.fetch('/v1/event-types/bill.gone', { method: 'DELETE' });
    expect(await read('/subjects?subjectPrefix=bill.gone')).toEqual([]);
    expect(await read('/subjects?subjectPrefix=bill.gone&deleted=true')).toEqual(['bill.gone-value']);
    await lab.declare('bill.gone', { schema: schema({ other: amount }), compatibility: 'FULL_TRANSITIVE' });
    expect(await read('/subjects/bill.gone-value/versions')).toEqual([2]);
  });
});
