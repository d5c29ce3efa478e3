import { toLog } from './data-view.ts';
import type { Json } from './json.ts';
import { isBucketed, type LensColumn } from './lens-columns.ts';
import type { Reference, SavedObject } from './saved-object.ts';

/** What a dashboard shows in one place. */
export interface Panel {
  readonly type: 'lens' | 'search' | 'visualization';
  readonly title: string;
  readonly embeddableConfig: Json;
  /** Of panels that show a saved object. */
  readonly shows?: SavedObject;
  readonly references: readonly Reference[];
}

interface LensDefinition {
  readonly title: string;
  readonly query: string;
  /** Groups first, in their order, then what is computed. */
  readonly columns: readonly LensColumn[];
}

const LAYER = 'lines';

/** Words for the reader. */
export function words(title: string, markdown: string): Panel {
  const savedVis = {
    data: { aggs: [], searchSource: { filter: [], query: { language: 'lucene', query: '' } } },
    description: '',
    params: { fontSize: 12, markdown, openLinksInNewTab: false },
    title: '',
    type: 'markdown',
    uiState: {},
  };
  return { type: 'visualization', title, embeddableConfig: { enhancements: {}, savedVis }, references: [] };
}

/** The lines that a saved search finds. */
export function linesOf(search: SavedObject, title: string): Panel {
  return { type: 'search', title, embeddableConfig: { enhancements: {} }, shows: search, references: [] };
}

/** A row for each group of lines. */
export function table(definition: LensDefinition): Panel {
  const columns = definition.columns.map((column) => ({ columnId: column.id, isMetric: !isBucketed(column), isTransposed: false }));
  return lens('lnsDatatable', definition, { columns, layerId: LAYER, layerType: 'data', paging: { enabled: true, size: 10 } });
}

/** What is computed, over time; of each value of the column before the time, where there is one. */
export function chart(seriesType: 'bar_stacked' | 'line', definition: LensDefinition): Panel {
  const [split] = definition.columns.filter((column) => isBucketed(column) && column.id !== 'time');
  const layer = {
    accessors: definition.columns.filter((column) => !isBucketed(column)).map(({ id }) => id),
    layerId: LAYER,
    layerType: 'data',
    position: 'top',
    seriesType,
    showGridlines: false,
    ...(split !== undefined && { splitAccessor: split.id }),
    xAccessor: 'time',
  };
  return lens('lnsXY', definition, {
    axisTitlesVisibilitySettings: { x: false, yLeft: false, yRight: false },
    layers: [layer],
    legend: { isVisible: true, position: 'bottom', showSingleSeries: true },
    preferredSeriesType: seriesType,
    valueLabels: 'hide',
  });
}

function lens(visualizationType: string, { title, query, columns }: LensDefinition, visualization: Json): Panel {
  const layer = {
    columnOrder: columns.map(({ id }) => id),
    columns: Object.fromEntries(columns.map(({ id, definition }) => [id, definition])),
    incompleteColumns: {},
    sampling: 1,
  };
  const references = [toLog(`indexpattern-datasource-layer-${LAYER}`)];
  const state = {
    adHocDataViews: {},
    datasourceStates: { formBased: { layers: { [LAYER]: layer } } },
    filters: [],
    internalReferences: [],
    query: { language: 'lucene', query },
    visualization,
  };
  const attributes = { description: '', references, state, title: '', type: 'lens', visualizationType };
  return { type: 'lens', title, embeddableConfig: { attributes, enhancements: {} }, references };
}
