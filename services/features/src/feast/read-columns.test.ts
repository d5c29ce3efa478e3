import type { GetOnlineFeatures } from '@roofshot/contracts/http/feast';
import { isDomainError, type DomainError } from '@roofshot/runtime/errors';
import { labDefinitions, NOW } from './feast-lab.ts';
import { compileFeastPlan } from './feast-plan.ts';
import { readColumns } from './read-columns.ts';

type Columns = GetOnlineFeatures['entities'];

const definitions = labDefinitions();
const visits = compileFeastPlan({ features: ['visits:count_1h'] }, definitions).service;
const risk = compileFeastPlan({ feature_service: 'risk' }, definitions).service;
const network = compileFeastPlan({ features: ['network:count_1h'] }, definitions).service;

const refusalOf = (plan: typeof visits, columns: Columns): DomainError => {
  try {
    readColumns(plan, columns, NOW);
  } catch (error) {
    if (isDomainError(error)) return error;
    throw error;
  }
  throw new Error('They were taken.');
};

describe('columns as rows', () => {
  test('numbers, truth values and texts name entities, in every row', () => {
    const rows = readColumns(visits, { customer: [7, '7', true], shop: ['a', 1.5, 'c'] }, NOW);
    expect(rows.map(({ entities }) => entities)).toEqual([
      { customer: '7', shop: 'a' },
      { customer: '7', shop: '1.5' },
      { customer: 'true', shop: 'c' },
    ]);
    expect(rows.every(({ asOf }) => asOf === NOW)).toBe(true);
  });

  test('null names nobody: not the entity of an empty name, and not one that is called null', () => {
    const [row] = readColumns(visits, { customer: [null], shop: ['a'] }, NOW);
    expect(['', 'null']).not.toContain(row?.entities['customer']);
  });

  test('the context of a service comes as columns, and may be unknown', () => {
    const rows = readColumns(risk, { buyer: ['a', 'b'], seller: ['c', 'd'], amount: [12.5, null] }, NOW);
    expect(rows.map(({ context }) => context)).toEqual([{ amount: 12.5 }, { amount: null }]);
  });

  test('the entity that is everything has a row without columns, or one for each item of any column', () => {
    expect(readColumns(network, {}, NOW)).toHaveLength(1);
    expect(readColumns(network, { row: [1, 2, 3] }, NOW)).toHaveLength(3);
    expect(readColumns(visits, { customer: [], shop: [] }, NOW)).toEqual([]);
  });

  test('columns that nothing asks for are passed over', () => {
    const [row] = readColumns(visits, { customer: ['a'], shop: ['b'], event_timestamp: ['2026-01-01'] }, NOW);
    expect(row?.entities).toEqual({ customer: 'a', shop: 'b' });
  });
});

describe('columns are refused', () => {
  test('that are missing, all at once, with what was perhaps meant', () => {
    const { status, message, detail } = refusalOf(visits, { custmer: ['a'] });
    expect([status, detail['class']]).toEqual([400, 'FeastEntityDFMissingColumnsError']);
    expect(detail.faults?.map(({ path }) => path)).toEqual(['/entities/customer', '/entities/shop']);
    expect(message).toContain('customer (a key of visits) is missing; nearest: custmer');
  });

  test('that are missing from the context, as Feast says it', () => {
    expect(refusalOf(risk, { buyer: ['a'], seller: ['b'] }).detail).toMatchObject({ class: 'RequestDataNotFoundInEntityRowsException' });
  });

  test('that are of different lengths', () => {
    expect(refusalOf(visits, { customer: ['a', 'b'], shop: ['c'] }).message).toContain('shop has 1 values and customer 2');
  });

  test('whose numbers JSON has rounded: they would name somebody else', () => {
    const { message, detail } = refusalOf(visits, { customer: ['a', 2 ** 53], shop: ['a', 'b'] });
    expect(detail.faults).toHaveLength(1);
    expect(message).toMatch(/customer\[1\].*send it as a text/);
  });

  test('whose context is of another type', () => {
    expect(refusalOf(risk, { buyer: ['a'], seller: ['b'], amount: ['12'] }).message).toContain('amount[0] must be a number or null');
  });
});
