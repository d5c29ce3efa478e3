import { logIndexTemplate } from '@roofshot/telemetry/log-index-template';
import { logDataView } from './data-view.ts';
import { eventFlowDashboard } from './event-flow-dashboard.ts';
import { overviewDashboard } from './overview-dashboard.ts';
import { ndjson, readable } from './saved-object.ts';
import { errorsAndWarnings, heldUp, journeyOfOneId } from './searches.ts';

const OBJECTS = [logDataView, journeyOfOneId, errorsAndWarnings, heldUp, overviewDashboard, eventFlowDashboard];

/** Folders below observability/ in which every file is generated. */
export const GENERATED_FOLDERS = ['elasticsearch', 'kibana'];

/** Path below observability/ → text. */
export function observabilityFiles(): Map<string, string> {
  return new Map([
    ['elasticsearch/index-template.json', `${JSON.stringify(logIndexTemplate({ dataStreams: true }), null, 2)}\n`],
    ...OBJECTS.map((object) => [`kibana/${object.type}.${object.id}.json`, readable(object)] as const),
    ['kibana/roofshot.ndjson', ndjson(OBJECTS)],
  ]);
}
