/** Definitions and series for tests of the Feast doors. */
import type { FeatureServiceSpec } from '@roofshot/contracts/resources/feature-kinds';
import { Definitions } from '@roofshot/feature-defs/definitions';
import { seriesRow } from '@roofshot/feature-defs/online-rows';
import { addEvent, emptySeries } from '@roofshot/feature-defs/tiles';
import { tileAt, type ViewPlan } from '@roofshot/feature-defs/view-plan';
import type { OnlineKey, OnlineRow, OnlineStore } from '@roofshot/storage/online-store';

export const HOUR = 3_600_000;
/** A round moment to ask about. */
export const NOW = Date.parse('2026-03-01T12:00:00Z');

const declared = <S>(name: string, spec: S, generation = 1): { name: string; generation: number; deleted: false; spec: S } => ({
  name,
  generation,
  deleted: false,
  spec,
});

/** Two views of customers, one of pairs, one of everything, and a service that reads customers under two roles. */
export function labDefinitions(): Definitions {
  const definitions = new Definitions();
  definitions.setEntity(declared('customer', { keys: ['customer'] }));
  definitions.setEntity(declared('pair', { keys: ['customer', 'shop'] }));
  definitions.setEntity(declared('all', { keys: [] }));
  declareView(definitions, { name: 'orders', entity: 'customer', keys: ['customer'] });
  declareView(definitions, { name: 'returns', entity: 'customer', keys: ['customer'] });
  declareView(definitions, { name: 'visits', entity: 'pair', keys: ['customer', 'shop'] });
  declareView(definitions, { name: 'network', entity: 'all', keys: [] });
  definitions.setService(declared('risk', RISK));
  return definitions;
}

const RISK: FeatureServiceSpec = {
  entities: ['buyer', 'seller'],
  context: { amount: 'number' },
  views: [
    { role: 'buyer', view: 'orders', keys: { customer: 'buyer' }, features: ['count_1h'] },
    { role: 'seller', view: 'orders', keys: { customer: 'seller' }, features: ['mean_1h'] },
  ],
  requestFeatures: [{ name: 'amount', value: 'context.amount' }],
};

interface LabView {
  readonly name: string;
  readonly entity: string;
  readonly keys: readonly string[];
}

export function declareView(definitions: Definitions, { name, entity, keys }: LabView, generation = 1): void {
  const source = { eventType: 'order.placed', keys: Object.fromEntries(keys.map((key) => [key, `data.${key}`])) };
  const features = [
    { name: 'count', aggregation: 'count' as const },
    { name: 'mean', aggregation: 'mean' as const, value: 'data.amount' },
  ];
  definitions.setView(declared(name, { entity, source, tile: '5m', windows: ['1h', '24h'], features }, generation));
}

/** The row of a customer in the online store, after orders of these amounts (null: not known), `ago` before NOW. */
export function rowOf(key: OnlineKey, amounts: readonly (number | null)[], ago = HOUR / 2): OnlineRow {
  const view = labDefinitions().views().get('orders') as ViewPlan;
  const time = NOW - ago;
  const series = emptySeries(view.layout);
  for (const amount of amounts) {
    const addends = [null, amount === null ? null : amount * 1_000_000];
    addEvent(series, { id: 'order', tile: tileAt(view, time), eventTime: time, knownTime: time, addends });
  }
  return seriesRow(key.view, key.entity, series, 1);
}

/** An online store that knows one customer, in all views. */
export function storeOf(entity: string, amounts: readonly (number | null)[], ago?: number): Pick<OnlineStore, 'get'> {
  return { get: (keys) => Promise.resolve(keys.map((key) => (key.entity === entity ? rowOf(key, amounts, ago) : undefined))) };
}
