/** Files that are no resources, or no files: every fault of all of them with its line, and nothing thrown. */
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir, type TempDir } from '@roofshot/testing/temp-dir';
import { loadResources } from './load-resources.ts';

let folder: TempDir;
beforeEach(async () => {
  folder = await tempDir('cli files');
});
afterEach(() => folder.remove());

const ENTITY = 'apiVersion: roofshot/v1\nkind: Entity\nmetadata: { name: gate }\nspec:\n';
const write = (name: string, content: string | Uint8Array): string => {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
};
const faultsOf = (content: string | Uint8Array): string[] =>
  loadResources([write('one.yaml', content)]).faults.map(({ line, message }) => `${line} ${message}`);
const levels = (count: number): string => Array.from({ length: count }, (_, level) => `${' '.repeat(level)}a:`).join('\n');
const bomb = ['a: &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]']
  .concat([...'bcdefghi'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(', ')}]`))
  .join('\n');

test.each<[string, string | Uint8Array, string]>([
  [
    'an alias without anchor',
    `${ENTITY}  keys: *nope\n`,
    '5 Entity/gate: There is no anchor &nope above this *nope. Correct the name, or set the anchor first.',
  ],
  [
    'an alias above its anchor',
    `${ENTITY}  keys: *late\nmore: &late [gate]\n`,
    '5 Entity/gate: There is no anchor &late above this *late. Correct the name, or set the anchor first.',
  ],
  [
    'a cycle',
    `${ENTITY}  keys: &keys\n    - *keys\n`,
    '6 Entity/gate: *keys stands inside of &keys itself, so it has no end. Write out what is meant.',
  ],
  ['aliases that grow without bound', bomb, '7 With its aliases written out this is larger than 16 MiB. Use fewer, or split the set.'],
  [
    'a key that is there twice',
    `${ENTITY}  keys: [gate]\n  keys: [door]\n`,
    '6 Entity/gate: The key keys is here twice; first in line 5. Keep one.',
  ],
  ['two keys that are one in JSON', `${ENTITY}  1: a\n  "1": b\n`, '6 Entity/gate: The key 1 is here twice; first in line 5. Keep one.'],
  ['a key that is a list', `${ENTITY}  ? [a, b]\n  : c\n`, '5 Entity/gate: A key must be a text here. Write it out.'],
  ['a tab as indentation', `${ENTITY}\tkeys: [gate]\n`, '5 Entity/gate: Not YAML: Tabs are not allowed as indentation. Indent with spaces'],
  ['a tag that nobody knows', `${ENTITY}  keys: !ours [gate]\n`, '5 Entity/gate: Not YAML: Unresolved tag: !ours. Remove the tag'],
  [
    'a number without end',
    `${ENTITY}  keys: 1e999\n`,
    '5 Entity/gate: 1e999 is no finite number. Write one, or put it in quotes as a text.',
  ],
  [
    'a number of too many digits',
    `${ENTITY}  keys: 9007199254740993\n`,
    '5 Entity/gate: 9007199254740993 has more digits than a number keeps. Write a smaller one, or put it in quotes as a text.',
  ],
  [
    'half of a surrogate pair',
    `${ENTITY}  keys: ["\\ud800"]\n`,
    '5 Entity/gate: This text holds U+0000 or half of a surrogate pair, which cannot be kept. Remove it.',
  ],
  [
    'deep lists',
    `${ENTITY}  keys: ${'['.repeat(30_000)}`,
    '5 It is nested more than 200 levels deep here, which no resource needs. Check the brackets and the indentation.',
  ],
  [
    'deep maps',
    levels(1000),
    '201 It is nested more than 200 levels deep here, which no resource needs. Check the brackets and the indentation.',
  ],
  ['an empty file', '', '0 It holds no resource. Declare one, or remove the file.'],
  ['a file of comments and separators', '# nothing\n---\n---\n', '0 It holds no resource. Declare one, or remove the file.'],
  [
    'bytes that are no UTF-8',
    Buffer.from('# ok\n# caf\xe9\n', 'latin1'),
    '2 Cannot be read: it holds bytes that are no UTF-8 (first in this line). Save it as UTF-8.',
  ],
  ['UTF-16', Buffer.from(ENTITY, 'utf16le'), '1 Cannot be read: it is written in UTF-16. Save it as UTF-8.'],
  [
    'a control character',
    '# one\n# t\0wo\n',
    '2 Cannot be read: it holds the control character U+0000 in this line. Remove it, or write it as an escape.',
  ],
])('%s is a fault with its line and a remedy', (_what, content, fault) => {
  expect(faultsOf(content)).toEqual([fault]);
});

test('what is no file, and a file of 100 MB, are faults as well, told together with those of the other files', () => {
  mkdirSync(join(folder.path, 'a-folder.yaml'));
  symlinkSync(join(folder.path, 'b-loop.yaml'), join(folder.path, 'b-loop.yaml'));
  truncateSync(write('c-large.yaml', ''), 100_000_000);
  write('d-alias.yaml', 'a: *nope');
  write('e-good.yaml', `${ENTITY}  keys: [gate]\n`);
  const { resources, faults } = loadResources([folder.path, join(folder.path, 'nowhere.yaml')]);
  expect(faults.map(({ file, message }) => `${file.split('/').at(-1)} ${message}`)).toEqual([
    'a-folder.yaml Cannot be read: it is a folder. Give it another name, or name it with -f itself.',
    'b-loop.yaml Cannot be read: it is a link that leads to itself. Mend the link.',
    'c-large.yaml Cannot be read: it is larger than the 1 MiB that a file may have. Split it, or name another.',
    'd-alias.yaml There is no anchor &nope above this *nope. Correct the name, or set the anchor first.',
    'nowhere.yaml Cannot be read: there is no such file. Check the path.',
  ]);
  expect(resources.map(({ resource }) => resource.metadata.name)).toEqual(['gate']);
});

test('anchors and aliases, a byte order mark and keys like __proto__ are read as they are meant', () => {
  const text = `\uFEFF${ENTITY}  keys: &keys [gate]\n  again: [${Array(300).fill('*keys').join(', ')}]\n  __proto__: { polluted: true }\n`;
  const { unusable, faults } = loadResources([write('one.yaml', text)]);
  expect(faults.map(({ path }) => path)).toEqual(['/spec/again', '/spec/__proto__']);
  expect(unusable[0]?.resource.spec).toEqual(
    JSON.parse(`{"keys":["gate"],"again":[${Array(300).fill('["gate"]').join()}],"__proto__":{"polluted":true}}`),
  );
});

test('a trainer that cannot be read is a fault of the job that names it', () => {
  write('trainer.py', Buffer.from('def train(run):\n    return "caf\xe9"\n', 'latin1'));
  const job = `apiVersion: roofshot/v1
kind: TrainingJob
metadata: { name: risk }
spec:
  entryPoint: trainer.py
  featureService: risk
  observation: { eventType: placed, entities: {}, context: {} }
  label: { eventType: returned, name: returned, value: "true" }
  registers: risk
`;
  expect(faultsOf(job)).toEqual([
    '5 TrainingJob/risk: the trainer trainer.py cannot be read (line 2): it holds bytes that are no UTF-8 (first in this line). Save it as UTF-8. The path is relative to the YAML file.',
  ]);
});
