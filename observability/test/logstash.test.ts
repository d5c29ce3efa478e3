import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LOG_STREAMS } from '@roofshot/telemetry/log-index-template';
import { fieldType } from './field-types.ts';
import { parseLogstash } from './logstash-config.ts';

const text = readFileSync(fileURLToPath(new URL('../logstash/roofshot.conf', import.meta.url)), 'utf8');
const plugins = parseLogstash(text);

/** The settings that each plugin of Logstash 8 has, as far as they are used here. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  'input beats': ['port', 'ecs_compatibility'],
  'input file': ['path', 'start_position', 'ecs_compatibility'],
  'filter json': ['source', 'tag_on_failure', 'remove_field'],
  'output elasticsearch': [
    'hosts',
    'data_stream',
    'data_stream_type',
    'data_stream_dataset',
    'data_stream_namespace',
    'data_stream_auto_routing',
  ],
};

describe('the pipeline of Logstash', () => {
  it('reads beats and files, decodes, and writes; with settings that these plugins have', () => {
    expect(plugins.map(({ section, name }) => `${section} ${name}`)).toEqual(Object.keys(SETTINGS));
    const unknown = plugins.flatMap(({ section, name, settings }) =>
      Object.keys(settings).filter((setting) => !SETTINGS[`${section} ${name}`]?.includes(setting)),
    );
    expect(unknown).toEqual([]);
  });

  it('writes to the data streams of the index template, of the environment that the services are told', () => {
    const settings = plugins.at(-1)?.settings ?? {};
    const { data_stream_type: type, data_stream_dataset: dataset, data_stream_namespace: environment } = settings;
    expect([`${type}-${dataset}-*`, environment]).toEqual([LOG_STREAMS, '${ENVIRONMENT:default}']);
    expect(settings).toMatchObject({ data_stream: 'true', data_stream_auto_routing: 'false' });
  });

  it('drops nothing: no drop, and what cannot be decoded keeps its line and gets a tag that can be searched', () => {
    expect(plugins.filter(({ name }) => name === 'drop')).toEqual([]);
    expect(plugins.filter(({ section, when }) => section === 'output' && when.length > 0)).toEqual([]);
    expect(plugins.find(({ name }) => name === 'json')?.settings).toMatchObject({
      source: 'message',
      tag_on_failure: ['_jsonparsefailure'],
      remove_field: ['[event][original]'],
    });
    expect(fieldType('tags')).toBe('keyword');
  });

  it('names fields that the mapping has', () => {
    const bare = text.replaceAll(/#.*$/gm, '');
    const fields = [...bare.matchAll(/(?:\[\w+\])+/g)].map(([reference]) => reference.slice(1, -1).replaceAll('][', '.'));
    expect(fields).toEqual(expect.arrayContaining(['message', 'event.original']));
    expect(fields.filter((field) => fieldType(field) === undefined)).toEqual([]);
  });

  it('reads no variable that its head does not explain', () => {
    const used = [...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name);
    const explained = [...text.matchAll(/^# {3}([A-Z_]+) /gm)].map(([, name]) => name);
    expect(new Set(used)).toEqual(new Set(explained));
  });
});

describe('the grammar check', () => {
  it('reads conditions, lists, hashes and comments', () => {
    const read = parseLogstash(`filter { # words
      if [a][b] == "x" and [c] { mutate { add_field => { "d" => "e" f => [1, 'two'] } } } else if [g] !~ /h\\/i/ { drop { } } else { json { x => true } }
    }`);
    expect(read).toEqual([
      { section: 'filter', name: 'mutate', settings: { add_field: { d: 'e', f: [1, 'two'] } }, when: ['[a][b] == "x" and [c]'] },
      { section: 'filter', name: 'drop', settings: {}, when: ['not [a][b] == "x" and [c]', '[g] !~ /h\\/i/'] },
      {
        section: 'filter',
        name: 'json',
        settings: { x: 'true' },
        when: ['not [a][b] == "x" and [c]', 'not [g] !~ /h\\/i/'],
      },
    ]);
  });

  it.each([
    ['a brace that is left open', 'input { beats { port => 5044 }', 'Line 1: there is the end where a word belongs.'],
    ['a setting without its arrow', 'input {\n beats { port 5044 } }', 'Line 2: there is 5044 where => belongs.'],
    ['a section of another name', 'inputs { }', 'a section (input, filter, output) begins'],
    ['a setting twice', 'input { beats { port => 1 port => 2 } }', 'there is port for the second time'],
    ['a text without its end', 'input { file { path => "/var/log } }', 'is nothing that Logstash knows'],
    ['a condition without a field', 'filter { if =~ /x/ { drop { } } }', 'there is =~ where a field belongs'],
    ['values without a comma', 'input { file { path => ["a" "b"] } }', 'there is "b" where , belongs'],
  ])('finds %s', (_what, broken, reason) => {
    expect(() => parseLogstash(broken)).toThrow(reason);
  });
});
