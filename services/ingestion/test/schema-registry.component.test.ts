/** Confluent's Schema Registry REST API, on the whole service. */
import { IngestionLab } from './ingestion-lab.ts';

const V1 = 'application/vnd.schemaregistry.v1+json';

const lab = new IngestionLab();
beforeAll(() => lab.open(), 60_000);
afterAll(() => lab.close());

interface Told {
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Told> {
  const init = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const answer = await lab.fetch(path, { method, headers: { ...(body !== undefined && { 'content-type': V1 }), ...headers }, ...init });
  const text = await answer.text();
  return { status: answer.status, type: answer.headers.get('content-type') ?? '', body: JSON.parse(text) as unknown };
}

/** Status and error code of a refusal. */
async function refusal(method: string, path: string, body?: unknown): Promise<[number, unknown]> {
  const told = await ask(method, path, body);
  return [told.status, (told.body as { error_code?: number }).error_code];
}

const json = (properties: object, more: object = {}): string =>
  JSON.stringify({ type: 'object', additionalProperties: false, properties, ...more });
const asJson = (schema: string, more: object = {}): object => ({ schemaType: 'JSON', schema, ...more });
const amount = { type: 'number' };

async function register(subject: string, request: object): Promise<number> {
  const { status, body } = await ask('POST', `/subjects/${encodeURIComponent(subject)}/versions`, request);
  expect([status, body]).toEqual([200, { id: expect.any(Number) }]);
  return (body as { id: number }).id;
}

describe('a schema', () => {
  it('has one id, whoever registers it under whatever subject, and twenty at once', async () => {
    const requests = Array.from({ length: 20 }, (_, index) => register(`race.${index % 4}`, asJson(json({ race: amount }))));
    const ids = new Set(await Promise.all(requests));
    expect(ids.size).toBe(1);
    const versions = (await ask('GET', `/schemas/ids/${[...ids][0]}/versions`)).body;
    expect(versions).toEqual([0, 1, 2, 3].map((index) => ({ subject: `race.${index}`, version: 1 })));
  });

  it('that is new has the next id, also when many come at once', async () => {
    const before = await register('ids', asJson(json({ first: amount })));
    const ids = await Promise.all([1, 2, 3, 4, 5, 6].map((one) => register(`ids.${one}`, asJson(json({ [`p${one}`]: amount })))));
    expect(ids.toSorted((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6].map((one) => before + one));
  });

  it('is answered as it was sent, and found again in other spelling', async () => {
    const schema = '{ "type": "object",  "title": "spelt" }';
    const id = await register('spelt', asJson(schema));
    expect((await ask('GET', `/schemas/ids/${id}`)).body).toEqual({ schemaType: 'JSON', schema });
    expect((await ask('POST', '/subjects/spelt', asJson('{"title":"spelt","type":"object"}'))).body).toEqual({
      subject: 'spelt',
      version: 1,
      id,
      schemaType: 'JSON',
      schema,
    });
    expect((await ask('GET', `/schemas/ids/${id}/schema`)).body).toEqual(JSON.parse(schema));
    expect((await ask('GET', '/subjects/spelt/versions/latest/schema')).body).toEqual(JSON.parse(schema));
    expect((await ask('GET', `/schemas/ids/${id}/subjects`)).body).toEqual(['spelt']);
  });

  it('comes with fields that newer clients send', async () => {
    const more = { metadata: { properties: { owner: 'team' } }, ruleSet: { domainRules: [] }, id: -1, version: -1, tagsToAdd: null };
    expect(await register('newer', asJson(json({ a: amount }), more))).toBeGreaterThan(0);
  });

  it('of an unknown type, or none at all, is refused', async () => {
    expect(await refusal('POST', '/subjects/bad/versions', { schemaType: 'PROTOBUF', schema: 'message A {}' })).toEqual([422, 42201]);
    expect(await refusal('POST', '/subjects/bad/versions', { schemaType: 'JSON', schema: '{"type": 5}' })).toEqual([422, 42201]);
    expect(await refusal('POST', '/subjects/bad/versions', { schema: '' })).toEqual([422, 42201]);
    expect(await refusal('POST', '/subjects/bad/versions', 'no json')).toEqual([400, 400]);
    expect((await ask('GET', '/schemas/types')).body).toEqual(['JSON', 'AVRO']);
    expect((await ask('GET', '/subjects/bad/versions')).body).toMatchObject({ error_code: 40401 });
  });
});

describe('compatibility', () => {
  it('is BACKWARD until it is set, and every reason is told with its place and remedy', async () => {
    await register('shop/orders value', asJson(JSON.stringify({ type: 'object', properties: { amount } })));
    const after = asJson(
      JSON.stringify({ type: 'object', properties: { amount: { type: 'integer' }, note: { type: 'string' } }, required: ['note'] }),
    );
    const path = `/subjects/${encodeURIComponent('shop/orders value')}`;
    const { status, body } = await ask('POST', `${path}/versions`, after);
    const { error_code, message } = body as { error_code: number; message: string };
    expect([status, error_code]).toEqual([409, 409]);
    for (const part of [
      'TYPE_NARROWED at #/properties/amount/type',
      'PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL at #/properties/note',
      'REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL at #/required',
      'Close the content model first (additionalProperties: false',
    ])
      expect(message).toContain(part);
    const check = await ask('POST', `/compatibility${path}/versions/latest?verbose=true`, after);
    expect(check.body).toEqual({ is_compatible: false, messages: [expect.any(String), expect.any(String), expect.any(String)] });
    expect((await ask('POST', `/compatibility${path}/versions`, after)).body).toEqual({ is_compatible: false });
    expect((await ask('GET', `${path}/versions`)).body).toEqual([1]);
  });

  it('is checked with every version where the level is transitive', async () => {
    await register('levels', asJson(json({ a: amount })));
    expect((await ask('PUT', '/config/levels', { compatibility: 'NONE', normalize: true })).body).toEqual({ compatibility: 'NONE' });
    await register('levels', asJson(json({ a: amount, b: amount })));
    await register('levels', asJson(json({ b: amount })));
    await ask('PUT', '/config/levels', { compatibility: 'BACKWARD' });
    const next = asJson(json({ b: amount, c: amount }));
    expect((await ask('POST', '/compatibility/subjects/levels/versions', next)).body).toEqual({ is_compatible: true });
    await ask('PUT', '/config/levels', { compatibility: 'BACKWARD_TRANSITIVE' });
    expect((await ask('POST', '/compatibility/subjects/levels/versions', next)).body).toEqual({ is_compatible: false });
    expect((await ask('POST', '/compatibility/subjects/levels/versions/3', next)).body).toEqual({ is_compatible: true });
    expect(await refusal('POST', '/compatibility/subjects/levels/versions/9', next)).toEqual([404, 40402]);
  });

  it('with a subject that has no versions is given', async () => {
    const answer = await ask('POST', '/compatibility/subjects/nobody/versions/latest?verbose=true', asJson(json({})));
    expect(answer.body).toEqual({ is_compatible: true, messages: [] });
  });
});

describe('settings', () => {
  it('of a subject come before those of the registry', async () => {
    expect((await ask('GET', '/config')).body).toEqual({ compatibilityLevel: 'BACKWARD' });
    expect(await refusal('GET', '/config/own')).toEqual([404, 40408]);
    expect((await ask('GET', '/config/own?defaultToGlobal=true')).body).toEqual({ compatibilityLevel: 'BACKWARD' });
    await ask('PUT', '/config/own', { compatibility: 'FULL' });
    expect((await ask('GET', '/config/own')).body).toEqual({ compatibilityLevel: 'FULL' });
    expect((await ask('DELETE', '/config/own')).body).toEqual({ compatibilityLevel: 'FULL' });
    expect(await refusal('DELETE', '/config/own')).toEqual([404, 40401]);
    expect(await refusal('PUT', '/config/own', { compatibility: 'SIDEWAYS' })).toEqual([422, 42203]);
    expect(await refusal('PUT', '/mode/own', { mode: 'SLEEP' })).toEqual([422, 42204]);
    expect(await refusal('GET', '/mode/own')).toEqual([404, 40409]);
    expect((await ask('GET', '/mode/own?defaultToGlobal=true')).body).toEqual({ mode: 'READWRITE' });
  });

  it('of the registry hold for all subjects until they are taken back', async () => {
    await ask('PUT', '/config', { compatibility: 'NONE' });
    await register('global', asJson(json({ a: amount })));
    await register('global', asJson(json({ a: { type: 'string' } })));
    expect((await ask('DELETE', '/config')).body).toEqual({ compatibilityLevel: 'NONE' });
    expect(await refusal('POST', '/subjects/global/versions', asJson(json({ a: amount, b: amount })))).toEqual([409, 409]);
  });

  it('let a subject be read only', async () => {
    await register('frozen', asJson(json({ a: amount })));
    await ask('PUT', '/mode/frozen', { mode: 'READONLY' });
    expect(await refusal('POST', '/subjects/frozen/versions', asJson(json({ b: amount })))).toEqual([422, 42205]);
    expect(await refusal('DELETE', '/subjects/frozen')).toEqual([422, 42205]);
    expect(await refusal('PUT', '/config/frozen', { compatibility: 'NONE' })).toEqual([422, 42205]);
    expect((await ask('DELETE', '/mode/frozen')).body).toEqual({ mode: 'READONLY' });
    expect((await ask('DELETE', '/subjects/frozen')).body).toEqual([1]);
  });

  it('let schemas be imported under the ids that they had', async () => {
    expect(await refusal('POST', '/subjects/imported/versions', asJson(json({ x: amount }), { id: 70_001 }))).toEqual([422, 42205]);
    await ask('PUT', '/mode/imported', { mode: 'IMPORT' });
    expect(await register('imported', asJson(json({ x: amount }), { id: 70_001, version: 5 }))).toBe(70_001);
    expect(await refusal('POST', '/subjects/imported/versions', asJson(json({ y: amount }), { id: 70_001 }))).toEqual([422, 42207]);
    expect((await ask('GET', '/subjects/imported/versions')).body).toEqual([5]);
    expect(await refusal('PUT', '/mode/imported', { mode: 'IMPORT' })).toEqual([422, 42205]);
    expect((await ask('PUT', '/mode/imported?force=true', { mode: 'IMPORT' })).status).toBe(200);
    expect(await register('after-import', asJson(json({ z: amount })))).toBe(70_002);
  });
});

describe('deleting', () => {
  it('hides a version first, whose id still leads to its schema, and takes it away when asked again', async () => {
    const id = await register('deleted', asJson(json({ deleted: amount })));
    await register('deleted', asJson(json({ deleted: amount, more: amount })));
    expect(await refusal('DELETE', '/subjects/deleted/versions/1?permanent=true')).toEqual([404, 40407]);
    expect((await ask('DELETE', '/subjects/deleted/versions/1')).body).toBe(1);
    expect(await refusal('DELETE', '/subjects/deleted/versions/1')).toEqual([404, 40406]);
    expect((await ask('GET', '/subjects/deleted/versions')).body).toEqual([2]);
    expect((await ask('GET', '/subjects/deleted/versions?deleted=true')).body).toEqual([1, 2]);
    expect(await refusal('GET', '/subjects/deleted/versions/1')).toEqual([404, 40402]);
    expect((await ask('GET', `/schemas/ids/${id}`)).status).toBe(200);
    expect((await ask('DELETE', '/subjects/deleted/versions/1?permanent=true')).body).toBe(1);
    expect(await refusal('GET', `/schemas/ids/${id}`)).toEqual([404, 40403]);
    expect(await register('elsewhere', asJson(json({ deleted: amount })))).toBe(id);
  });

  it('hides a subject first, which then has no versions, and can be registered anew behind them', async () => {
    await register('gone', asJson(json({ gone: amount })));
    expect(await refusal('DELETE', '/subjects/gone?permanent=true')).toEqual([404, 40405]);
    expect((await ask('DELETE', '/subjects/gone')).body).toEqual([1]);
    expect(await refusal('DELETE', '/subjects/gone')).toEqual([404, 40404]);
    expect(await refusal('GET', '/subjects/gone/versions')).toEqual([404, 40401]);
    expect((await ask('GET', '/subjects?subjectPrefix=gone')).body).toEqual([]);
    expect((await ask('GET', '/subjects?subjectPrefix=gone&deleted=true')).body).toEqual(['gone']);
    await register('gone', asJson(json({ gone: { type: 'string' } })));
    expect((await ask('GET', '/subjects/gone/versions')).body).toEqual([2]);
    await ask('DELETE', '/subjects/gone');
    expect((await ask('DELETE', '/subjects/gone?permanent=true')).body).toEqual([1, 2]);
    expect(await refusal('DELETE', '/subjects/gone')).toEqual([404, 40401]);
  });
});

describe('requests', () => {
  it('are answered in the media type that they ask for', async () => {
    expect(await ask('GET', '/')).toMatchObject({ status: 200, type: expect.stringContaining(V1), body: {} });
    const types = await Promise.all(
      ['application/json', 'application/vnd.schemaregistry+json', `${V1}, application/json; q=0.5`].map(async (accept) => {
        const { type } = await ask('GET', '/subjects', undefined, { accept });
        return type.split(';')[0];
      }),
    );
    expect(types).toEqual(['application/json', 'application/vnd.schemaregistry+json', V1]);
    expect(
      (await ask('POST', '/subjects/plain/versions', asJson(json({ q: amount })), { 'content-type': 'application/json' })).status,
    ).toBe(200);
  });

  it('to delete may carry a media type without a body', async () => {
    await register('typed-delete', asJson(json({ typed: amount })));
    expect((await ask('DELETE', '/subjects/typed-delete', undefined, { 'content-type': V1 })).body).toEqual([1]);
  });

  it('that the database cannot answer are told so in the form of the registry', async () => {
    await lab.database.sql.query('ALTER TABLE ingestion.registry_settings RENAME TO put_aside');
    const told = await ask('GET', '/config');
    await lab.database.sql.query('ALTER TABLE ingestion.put_aside RENAME TO registry_settings');
    expect(told).toMatchObject({
      status: 500,
      type: expect.stringContaining(V1),
      body: { error_code: 50001, message: expect.any(String) },
    });
    expect((await ask('GET', '/config')).status).toBe(200);
  });

  it('for what is no version and no id are refused', async () => {
    for (const version of ['0', 'newest', '2147483648', '1.5']) {
      expect(await refusal('GET', `/subjects/spelt/versions/${version}`)).toEqual([422, 42202]);
    }
    expect(await refusal('GET', '/schemas/ids/999999')).toEqual([404, 40403]);
    expect(await refusal('GET', '/schemas/ids/x')).toEqual([404, 40403]);
    expect(await refusal('POST', '/subjects/spelt', asJson(json({ other: amount })))).toEqual([404, 40403]);
    expect((await ask('GET', '/subjects/spelt/versions/-1')).body).toMatchObject({ version: 1 });
  });
});
