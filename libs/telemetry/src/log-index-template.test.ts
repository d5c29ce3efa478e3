import { logIndexTemplate } from './log-index-template.ts';

const released = logIndexTemplate({ dataStreams: true });
const bare = logIndexTemplate({ dataStreams: false });

it('makes data streams that forget after 30 days, and goes before what Elasticsearch brings for logs', () => {
  expect(released).toMatchObject({
    index_patterns: ['logs-roofshot-*'],
    data_stream: {},
    template: { lifecycle: { data_retention: '30d' }, mappings: { dynamic: false, properties: { '@timestamp': { type: 'date' } } } },
  });
  expect(released.priority).toBeGreaterThan(100);
});

it('leaves out what a bare core does not have, and nothing else: the same fields, where a type is lacking as the nearest one', () => {
  const types = JSON.stringify(released)
    .replaceAll('"type":"match_only_text"', '"type":"text","norms":false')
    .replaceAll(/\{"type":"constant_keyword"(,"value":"\w+")?\}/g, '{"type":"keyword","ignore_above":1024}')
    .replace('"data_stream":{},', '')
    .replace(',"lifecycle":{"data_retention":"30d"}', '');
  expect(JSON.parse(types)).toEqual(bare);
  expect(types).not.toBe(JSON.stringify(released));
});
