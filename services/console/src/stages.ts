/** The six stages of the loop in the order of the flow: which of a service's metrics tell what it does. */

/** A number of one stage. `rate`: of counters, per second. `total`: of counters, since the process began. `gauge`, `median`: as told. */
export interface Figure {
  readonly label: string;
  readonly kind: 'rate' | 'total' | 'gauge' | 'median';
  readonly metrics: readonly string[];
}

export interface Stage {
  readonly service: string;
  readonly does: string;
  readonly main: Figure;
  readonly figures: readonly Figure[];
}

/** What goes from one stage to another, told by a metric of one of both. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  /** Whose metric it is. */
  readonly measuredBy: string;
  /** `rate` where much flows, `total` where each one is an event of its own. */
  readonly kind: 'rate' | 'total';
  readonly parts: readonly FlowPart[];
}

export interface FlowPart {
  readonly what: string;
  readonly metrics: readonly string[];
}

export const STAGES: readonly Stage[] = [
  {
    service: 'ingestion',
    does: 'takes events, gives each a verdict',
    main: { label: 'events received', kind: 'rate', metrics: ['events.received'] },
    figures: [
      { label: 'accepted', kind: 'total', metrics: ['events.received/accepted'] },
      { label: 'duplicate', kind: 'total', metrics: ['events.received/duplicate'] },
      { label: 'late', kind: 'total', metrics: ['events.received/late'] },
      { label: 'quarantined', kind: 'total', metrics: ['events.received/quarantined'] },
      { label: 'median time', kind: 'median', metrics: ['submit.ms'] },
    ],
  },
  {
    service: 'features',
    does: 'folds events into feature values',
    main: { label: 'events folded', kind: 'rate', metrics: ['events.folded'] },
    figures: [
      { label: 'rows written', kind: 'total', metrics: ['online.rows'] },
      { label: 'rows waiting', kind: 'gauge', metrics: ['online.dirty'] },
      { label: 'median time', kind: 'median', metrics: ['fold.ms'] },
    ],
  },
  {
    service: 'training',
    does: 'trains on snapshots',
    main: { label: 'runs ended', kind: 'total', metrics: ['runs.ended'] },
    figures: [
      { label: 'trials', kind: 'total', metrics: ['trials.ended'] },
      { label: 'cores busy', kind: 'gauge', metrics: ['cores.busy'] },
      { label: 'median time', kind: 'median', metrics: ['trial.ms'] },
    ],
  },
  {
    service: 'registry',
    does: 'admits versions, moves aliases',
    main: { label: 'versions checked', kind: 'total', metrics: ['versions.admitted'] },
    figures: [{ label: 'median time', kind: 'median', metrics: ['admission.ms'] }],
  },
  {
    service: 'serving',
    does: 'answers predictions',
    main: { label: 'predictions', kind: 'rate', metrics: ['predictions.served'] },
    figures: [
      { label: 'by fallback', kind: 'total', metrics: ['predictions.fallback'] },
      { label: 'degraded', kind: 'total', metrics: ['predictions.degraded'] },
      { label: 'to be logged', kind: 'gauge', metrics: ['spool.unpublished'] },
      { label: 'median time', kind: 'median', metrics: ['predict.ms'] },
    ],
  },
  {
    service: 'experiments',
    does: 'judges variants by outcomes',
    main: { label: 'facts joined', kind: 'rate', metrics: ['facts.folded'] },
    figures: [
      { label: 'decisions', kind: 'total', metrics: ['phases.decided'] },
      { label: 'breaches', kind: 'total', metrics: ['guardrails.breached'] },
      { label: 'median time', kind: 'median', metrics: ['analysis.ms'] },
    ],
  },
];

/** From each stage to the next, in their order. */
export const FLOWS: readonly Flow[] = [
  {
    from: 'ingestion',
    to: 'features',
    measuredBy: 'ingestion',
    kind: 'rate',
    parts: [{ what: 'events', metrics: ['events.received/accepted'] }],
  },
  {
    from: 'features',
    to: 'training',
    measuredBy: 'features',
    kind: 'total',
    parts: [{ what: 'snapshot', metrics: ['snapshots.finished/built'] }],
  },
  { from: 'training', to: 'registry', measuredBy: 'training', kind: 'total', parts: [{ what: 'model', metrics: ['runs.ended/finished'] }] },
  { from: 'registry', to: 'serving', measuredBy: 'serving', kind: 'total', parts: [{ what: 'switch', metrics: ['versions.switched'] }] },
  {
    from: 'serving',
    to: 'experiments',
    measuredBy: 'serving',
    kind: 'rate',
    parts: [{ what: 'predictions', metrics: ['predictions.served'] }],
  },
];

/** Each answer is given on one vector of feature values. */
export const SHORTCUT: Flow = {
  from: 'features',
  to: 'serving',
  measuredBy: 'serving',
  kind: 'rate',
  parts: [{ what: 'feature vectors', metrics: ['predictions.served'] }],
};

/** What closes the loop. Outcomes are events that experiments read as well. */
export const RETURNS: readonly Flow[] = [
  {
    from: 'experiments',
    to: 'registry',
    measuredBy: 'experiments',
    kind: 'total',
    parts: [
      { what: 'decision', metrics: ['phases.decided'] },
      { what: 'breach', metrics: ['guardrails.breached'] },
    ],
  },
  {
    from: 'ingestion',
    to: 'experiments',
    measuredBy: 'experiments',
    kind: 'rate',
    parts: [{ what: 'outcomes', metrics: ['facts.folded/events.*'] }],
  },
];
