/** The documents of every service, checked by the official JSON Schemas of OpenAPI 3.1 and AsyncAPI 3.0. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv, type AnySchema } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { Validator } from '@seriousme/openapi-schema-validator';
import { allServices } from '../src/services.ts';
import { WholePlatform } from './whole-platform.ts';

type Json = Readonly<Record<string, unknown>>;

const withFormats = <A extends Ajv>(ajv: A): A => {
  (addFormats as unknown as (target: Ajv) => void)(ajv);
  return ajv;
};
const asyncApiSchema = JSON.parse(
  readFileSync(createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0-without-$id.json'), 'utf8'),
) as AnySchema;
const checkAsyncApi = withFormats(new Ajv({ strict: false, allErrors: true })).compile(asyncApiSchema);

function asyncApiFaults(document: unknown): readonly unknown[] {
  return checkAsyncApi(document) === true ? [] : (checkAsyncApi.errors ?? []);
}

type Contents = Readonly<Record<string, { readonly schema?: unknown }>>;
interface Operation {
  readonly requestBody?: { readonly content: Contents };
  readonly responses: Readonly<Record<string, { readonly content?: Contents }>>;
}
const hasSchemas = (content: Contents = {}): boolean =>
  Object.keys(content).length > 0 && Object.values(content).every(({ schema }) => schema !== undefined);

let platform: WholePlatform;
beforeAll(async () => {
  platform = await WholePlatform.start();
  await platform.declareShop();
}, 120_000);
afterAll(() => platform.stop());

const read = async (service: string, path: string): Promise<Json> => JSON.parse((await platform.ask(service, path)).text) as Json;
const names = allServices.map(({ name }) => name);

/** Everything in a document that is an object, with its place. */
function* objectsIn(value: unknown, place = '#'): Generator<[string, Json]> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield [place, value as Json];
  for (const [name, inner] of Object.entries(value))
    yield* objectsIn(inner, `${place}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
}

/** References to places that are not there. */
function lostReferences(document: Json): string[] {
  const places = new Set([...objectsIn(document)].map(([place]) => place));
  const references = [...objectsIn(document)].map(([, { $ref }]) => $ref).filter((one) => typeof one === 'string' && one.startsWith('#'));
  return (references as string[]).filter((one) => !places.has(decodeURIComponent(one)));
}

describe.each(names)('the documents of %s', (name) => {
  it('are OpenAPI 3.1, with an id of its own for each operation', async () => {
    const document = await read(name, '/openapi.json');
    expect(await new Validator().validate(JSON.parse(JSON.stringify(document)) as Record<string, unknown>)).toMatchObject({ valid: true });
    expect(document['openapi']).toBe('3.1.0');
    const ids = Object.values(document['paths'] as Json).flatMap((path) =>
      Object.values(path as Json).map((operation) => (operation as Json)['operationId']),
    );
    expect(ids).toEqual([...new Set(ids)]);
    expect(lostReferences(document)).toEqual([]);
  });

  it('have examples that their schemas take', async () => {
    const document = await read(name, '/openapi.json');
    const contents = [...objectsIn(document)].filter(([, { schema, examples }]) => schema !== undefined && examples !== undefined);
    const faults = contents.flatMap(([place, { schema, examples }]) => {
      const check = withFormats(new Ajv2020({ strict: false })).compile(schema as AnySchema);
      return Object.values(examples as Json).flatMap((one) => (check((one as Json)['value']) === true ? [] : [place, check.errors]));
    });
    expect(faults).toEqual([]);
  });

  it('are AsyncAPI 3.0', async () => {
    const document = await read(name, '/asyncapi.json');
    expect(asyncApiFaults(document)).toEqual([]);
    expect(lostReferences(document)).toEqual([]);
  });
});

test('every door of ingestion that takes a body says what may be in it, by media type, and how it is refused', async () => {
  const paths = (await read('ingestion', '/openapi.json'))['paths'] as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  const doors = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, of]) => ({ door: `${method} ${path}`, of })),
  );
  const silent = doors.filter(
    ({ door, of: { requestBody, responses } }) =>
      (/^(post|put|patch) /.test(door) && !hasSchemas(requestBody?.content)) || !hasSchemas(responses['default']?.content),
  );
  expect(silent.map(({ door }) => door)).toEqual([]);
  expect(Object.keys(paths['/v1/events']?.['post']?.requestBody?.content ?? {})).toEqual([
    'application/cloudevents+json',
    'application/cloudevents-batch+json',
    'application/x-ndjson',
    'application/json',
  ]);
});

test('the official schemas tell a faulty document', async () => {
  const openApi = await read('ingestion', '/openapi.json');
  expect(await new Validator().validate({ ...openApi, paths: { '/v1/events': { post: { responses: [] } } } })).toMatchObject({
    valid: false,
  });
  const asyncApi = await read('ingestion', '/asyncapi.json');
  expect(asyncApiFaults({ ...asyncApi, operations: { send: { action: 'shout', channel: {} } } })).not.toEqual([]);
  expect(lostReferences({ a: { $ref: '#/b' } })).toEqual(['#/b']);
});

test('the document of all topics and queues is AsyncAPI 3.0', () => {
  const document = parse(readFileSync(new URL('../../../contracts/asyncapi.yaml', import.meta.url), 'utf8')) as Json;
  expect(asyncApiFaults(document)).toEqual([]);
});

test('ingestion tells every declared event type as a channel, with its schema', async () => {
  const document = await read('ingestion', '/asyncapi.json');
  const channels = document['channels'] as Readonly<Record<string, { address: string; messages: Json }>>;
  const { items } = (await read('ingestion', '/v1/event-types')) as { items: { metadata: { name: string }; spec: { schema: Json } }[] };
  expect(items.length).toBeGreaterThan(0);
  for (const { metadata, spec } of items) {
    const channel = channels[`events.${metadata.name}`];
    expect(channel?.messages[metadata.name]).toMatchObject({
      payload: { schemaFormat: 'application/schema+json;version=2020-12', schema: spec.schema },
      headers: { properties: { ce_type: { const: metadata.name } } },
    });
  }
});
