import { fieldType } from './field-types.ts';
import { loggedFields, productionSources } from './log-sources.ts';

const fields = loggedFields(productionSources());

describe('the fields of log lines', () => {
  it('are found in the sources, or nothing below would be said of any', () => {
    const found = ['event.id', 'event.reason', 'error.stack_trace', 'http.response.status_code', 'log.level', 'labels.correlation_id'];
    expect(found.filter((field) => !fields.has(field))).toEqual([]);
  });

  it('are each in the mapping, or a label', () => {
    const unknown = [...fields].filter(([field]) => fieldType(field) === undefined);
    const sentences = unknown.map(
      ([field, files]) =>
        `${field} (${[...files].join(', ')}) is in no mapping, so nobody could search for it. Use an ECS field that is named in ` +
        'libs/telemetry/src/log-index-template.ts, add it there and raise the version, or make it a label.',
    );
    expect(sentences).toEqual([]);
  });
});

it('a field that the mapping does not name is found out', () => {
  const text = "log.warn('It failed.', { 'event.kind': 'x', 'labels.anything': 1, 'http.ms': timing('…') });";
  const found = [...loggedFields([{ path: 'a.ts', text }]).keys()];
  expect(found).toEqual(['event.kind', 'labels.anything']);
  expect(found.filter((field) => fieldType(field) === undefined)).toEqual(['event.kind']);
});
