import { ModelCatalogue } from './model-catalogue.ts';

const signature = { inputs: [{ name: 'x', dtype: 'float' }], output: { name: 'p', dtype: 'float', meaning: '' } };
const move = (version: number, aliasRevision: number, alias = 'champion'): Parameters<ModelCatalogue['moveAlias']>[0] => ({
  model: 'm',
  version,
  alias,
  previous: null,
  artifact: `sha256/${version}`,
  signature,
  aliasRevision,
  reason: '',
  requestedBy: '',
});
const removal = (aliasRevision: number) => ({ model: 'm', alias: 'champion', aliasRevision, reason: '', requestedBy: '' });

test('an alias names what its newest move says, whatever is heard again', () => {
  const catalogue = new ModelCatalogue();
  catalogue.moveAlias(move(1, 1));
  catalogue.moveAlias(move(2, 2));
  catalogue.moveAlias(move(1, 1));
  expect(catalogue.alias('m', 'champion')).toMatchObject({ version: { version: 2, artifact: 'sha256/2' }, revision: 2 });
});

test('a removed alias names nothing, until it is set again', () => {
  const catalogue = new ModelCatalogue();
  catalogue.moveAlias(move(1, 1));
  catalogue.removeAlias(removal(2));
  expect(catalogue.alias('m', 'champion')).toEqual({ version: null, revision: 2 });
  catalogue.moveAlias(move(1, 3));
  expect(catalogue.alias('m', 'champion')?.version?.version).toBe(1);
});

test('aliases of a model move on their own', () => {
  const catalogue = new ModelCatalogue();
  catalogue.moveAlias(move(1, 5));
  catalogue.moveAlias(move(2, 1, 'shadow'));
  expect(catalogue.alias('m', 'shadow')?.version?.version).toBe(2);
  expect(catalogue.alias('m', 'champion')?.version?.version).toBe(1);
});

test('a refused version is offered no more', () => {
  const catalogue = new ModelCatalogue();
  catalogue.addVersion(move(1, 1));
  catalogue.addVersion(move(2, 1));
  catalogue.dropVersion('m', 1);
  expect(catalogue.versions('m')).toEqual([2]);
});
