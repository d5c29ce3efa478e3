import type { Json } from './json.ts';
import type { Panel } from './panels.ts';
import type { Reference, SavedObject } from './saved-object.ts';

/** Panels side by side, of the same width and height. */
export interface Row {
  readonly height: number;
  readonly panels: readonly Panel[];
}

interface DashboardDefinition {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly Row[];
}

/** Kibana's grid. */
const WIDTH = 48;

interface PlacedPanel {
  readonly panel: Panel;
  readonly index: string;
  readonly place: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
}

/** Lays rows of panels below each other. */
export function dashboard({ id, title, description, rows }: DashboardDefinition): SavedObject {
  const placed = place(rows);
  return {
    id,
    type: 'dashboard',
    attributes: {
      description,
      kibanaSavedObjectMeta: { searchSourceJSON: { filter: [], query: { language: 'lucene', query: '' } } },
      optionsJSON: { hidePanelTitles: false, syncColors: true, syncCursor: true, syncTooltips: false, useMargins: true },
      panelsJSON: placed.map(panelJson),
      refreshInterval: { pause: true, value: 60_000 },
      timeFrom: 'now-24h',
      timeRestore: true,
      timeTo: 'now',
      title: `[Roofshot] ${title}`,
      version: 1,
    },
    references: placed.flatMap(referencesOf),
  };
}

function place(rows: readonly Row[]): PlacedPanel[] {
  let y = 0;
  const placed: PlacedPanel[] = [];
  for (const { height, panels } of rows) {
    const w = WIDTH / panels.length;
    panels.forEach((panel, column) => {
      placed.push({ panel, index: String(placed.length + 1), place: { x: column * w, y, w, h: height } });
    });
    y += height;
  }
  return placed;
}

function panelJson({ panel, index, place: position }: PlacedPanel): Json {
  return {
    embeddableConfig: panel.embeddableConfig,
    gridData: { ...position, i: index },
    panelIndex: index,
    ...(panel.shows !== undefined && { panelRefName: `panel_${index}` }),
    title: panel.title,
    type: panel.type,
  };
}

/** Kibana finds a panel's own references under its index. */
function referencesOf({ panel, index }: PlacedPanel): Reference[] {
  const own = panel.references.map((reference) => ({ ...reference, name: `${index}:${reference.name}` }));
  const { shows } = panel;
  return shows === undefined ? own : [{ id: shows.id, name: `${index}:panel_${index}`, type: shows.type }, ...own];
}
