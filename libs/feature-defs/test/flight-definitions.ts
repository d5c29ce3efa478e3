/** Definitions as a team would declare them, for tests. */
import type { FeatureServiceSpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import { Definitions } from '../src/definitions.ts';

export const landings: FeatureViewSpec = {
  entity: 'airport',
  source: { eventType: 'flight.landed', keys: { airport: 'data.destination' }, filter: '!(data.diverted == true)' },
  tile: '5m',
  windows: ['10m', '1h', '3h'],
  features: [
    { name: 'count', aggregation: 'count' },
    { name: 'sum_delay', aggregation: 'sum', value: 'data.delay' },
    { name: 'mean_delay', aggregation: 'mean', value: 'clip(data.delay, -30, 180)' },
    { name: 'late_share', aggregation: 'share', value: 'data.delay > 15' },
  ],
};

export const network: FeatureViewSpec = {
  entity: 'network',
  source: { eventType: 'flight.landed', keys: {} },
  tile: '5m',
  windows: ['1h'],
  features: [{ name: 'count', aggregation: 'count' }],
};

export const risk: FeatureServiceSpec = {
  entities: ['origin', 'destination'],
  context: { distance: 'number', zone: 'string' },
  views: [
    { role: 'inbound', view: 'airport-landings', keys: { airport: 'origin' }, features: ['mean_delay_1h', 'count_1h'] },
    { role: 'destination', view: 'airport-landings', keys: { airport: 'destination' }, features: ['late_share_3h'] },
    { role: 'network', view: 'network-landings', keys: {} },
  ],
  requestFeatures: [
    { name: 'log_distance', value: 'log(context.distance)' },
    { name: 'hour', value: 'hour(time, context.zone)' },
  ],
};

export function flightDefinitions(): Definitions {
  const definitions = new Definitions();
  const first = { generation: 1, deleted: false };
  definitions.setEntity({ ...first, name: 'airport', spec: { keys: ['airport'] } });
  definitions.setEntity({ ...first, name: 'network', spec: { keys: [] } });
  definitions.setView({ ...first, name: 'airport-landings', spec: landings });
  definitions.setView({ ...first, name: 'network-landings', spec: network });
  definitions.setService({ ...first, name: 'flight-risk', spec: risk });
  return definitions;
}
