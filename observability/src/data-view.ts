import { LOG_STREAMS } from '@roofshot/telemetry/log-index-template';
import type { Reference, SavedObject } from './saved-object.ts';

const DATA_VIEW = 'roofshot-log';

/** The saved search to which every correlation id leads. */
export const JOURNEY = 'roofshot-journey-of-one-id';

/** Discover with the journey's columns and the query for one id; a click on the id in any table opens it. */
const JOURNEY_OF_VALUE = `discover#/view/${JOURNEY}?_g=(time:(from:now-30d,to:now))&_a=(query:(language:lucene,query:'labels.correlation_id:%22{{value}}%22'))`;

/** The log of all services in all environments. */
export const logDataView: SavedObject = {
  id: DATA_VIEW,
  type: 'index-pattern',
  attributes: {
    // Before the first line there is no such stream, and the view shall exist all the same.
    allowNoIndex: true,
    fieldAttrs: {},
    fieldFormatMap: {
      'event.duration': {
        id: 'duration',
        params: { inputFormat: 'nanoseconds', outputFormat: 'asMilliseconds', outputPrecision: 2, showSuffix: true, useShortSuffix: true },
      },
      'labels.correlation_id': { id: 'url', params: { labelTemplate: '{{value}}', type: 'a', urlTemplate: JOURNEY_OF_VALUE } },
    },
    fields: [],
    name: 'Roofshot log',
    runtimeFieldMap: {},
    sourceFilters: [],
    timeFieldName: '@timestamp',
    title: LOG_STREAMS,
  },
  references: [],
};

/** The reference to the log's data view from `name`. */
export function toLog(name: string): Reference {
  return { id: DATA_VIEW, name, type: 'index-pattern' };
}
