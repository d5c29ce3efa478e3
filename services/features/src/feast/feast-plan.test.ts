import { isDomainError, type DomainError } from '@roofshot/runtime/errors';
import { labDefinitions } from './feast-lab.ts';
import { compileFeastPlan, type FeastQuestion } from './feast-plan.ts';

const definitions = labDefinitions();
const refusalOf = (question: FeastQuestion): DomainError => {
  try {
    compileFeastPlan(question, definitions);
  } catch (error) {
    if (isDomainError(error)) return error;
    throw error;
  }
  throw new Error('It was taken.');
};

describe('names in the answer', () => {
  const features = ['orders:count_1h', 'visits:mean_24h', 'orders:mean_1h'];

  test('are short, and those of one view stand together', () => {
    const { names, service, views } = compileFeastPlan({ features }, definitions);
    expect(names).toEqual(['count_1h', 'mean_1h', 'mean_24h']);
    expect(service.entities).toEqual(['customer', 'shop']);
    expect(views).toEqual([
      { name: 'orders', version: 1 },
      { name: 'visits', version: 1 },
    ]);
  });

  test('begin with the view where they are to be full', () => {
    const { names } = compileFeastPlan({ features, full_feature_names: true }, definitions);
    expect(names).toEqual(['orders__count_1h', 'orders__mean_1h', 'visits__mean_24h']);
  });

  test('are always full for a feature service, whose roles may read one view several times', () => {
    const { names, requestService, views } = compileFeastPlan({ feature_service: 'risk', full_feature_names: false }, definitions);
    expect(names).toEqual(['buyer__count_1h', 'seller__mean_1h', 'amount']);
    expect(requestService.columns.map(({ name }) => name)).toEqual(['amount']);
    expect(views).toEqual([{ name: 'orders', version: 1 }]);
  });
});

describe('a question that cannot be answered', () => {
  test.each([
    [{ features: ['order:count_1h'] }, 'FeatureViewNotFoundException', 'no FeatureView "order"; nearest: orders'],
    [{ features: ['orders:cuont_1h'] }, 'FeastObjectNotFoundException', 'no feature "cuont_1h"; nearest: count_1h'],
    [{ feature_service: 'riks' }, 'FeatureServiceNotFoundException', 'no FeatureService "riks"; nearest: risk'],
  ])('is not found, with the nearest names: %j', (question, raises, words) => {
    expect(refusalOf(question)).toMatchObject({
      status: 404,
      message: expect.stringContaining(words) as string,
      detail: { module: 'feast.errors', class: raises, message: expect.stringContaining(words) as string },
    });
  });

  test('tells every fault, with its place', () => {
    const { detail, message } = refusalOf({ features: ['order:count_1h', 'orders:count_1h', 'orders:x', 'order:mean_1h'] });
    expect(detail.faults?.map(({ path }) => path)).toEqual(['/features/0', '/features/2', '/features/3']);
    expect(message.match(/"order"/g)).toHaveLength(1);
  });

  test('tells no more faults than somebody reads', () => {
    const features = Array.from({ length: 1_000 }, (_, i) => `order${'s'.repeat(90)}${i}:count_1h`);
    expect(refusalOf({ features }).detail.faults).toHaveLength(20);
  });

  test.each([
    [{}, '/features'],
    [{ features: ['orders'] }, '/features/0'],
    [{ features: ['orders:'] }, '/features/0'],
    [{ features: ['orders:count_1h'], feature_service: 'risk' }, '/features'],
  ])('does not say what it wants, or says it twice: %j', (question, path) => {
    const { status, detail } = refusalOf(question);
    expect([status, detail.faults?.[0]?.path]).toEqual([400, path]);
  });

  test('asks for two features of one short name, and may ask for them under their full names', () => {
    const features = ['orders:count_1h', 'orders:mean_1h', 'returns:count_1h'];
    const { status, message, detail } = refusalOf({ features });
    expect([status, detail['class']]).toEqual([400, 'FeatureNameCollisionError']);
    expect(message).toContain('Set full_feature_names');
    expect(detail.faults?.map(({ path }) => path)).toEqual(['/features/0', '/features/2']);
    expect(compileFeastPlan({ features, full_feature_names: true }, definitions).names).toHaveLength(3);
  });

  test('asks for the same feature twice', () => {
    const question = { features: ['orders:count_1h', 'orders:count_1h'], full_feature_names: true };
    expect(refusalOf(question).message).toContain('Name each feature once');
  });
});
