import type { Said } from '@roofshot/contracts/http/live';
import { formatEventTime, formatMeasure, formatMilliseconds, sentences } from './format.ts';

export interface DecisionText {
  /** What was decided. */
  readonly what: string;
  /** By whom. */
  readonly who: string;
  /** Empty where the message says no reason. */
  readonly why: string;
  /** When it happened in event time, epoch milliseconds, where that is not the moment at which it was said. */
  readonly eventTime?: number;
  /** Something went wrong or back: marked with a word and a colour. */
  readonly mark?: 'rolled back' | 'breached' | 'refused' | 'failed';
}

type Data = Readonly<Record<string, unknown>>;
type Writer = (data: Data) => Omit<DecisionText, 'who' | 'eventTime'> & { readonly who?: string | undefined };

/** One sentence each, in the past tense. Fields that the feed left out for their length are left out here. */
const WRITERS: Readonly<Record<string, Writer>> = {
  'model-version.registered': (data) => ({ what: `${version(data)} was registered`, why: from(data, 'runId', 'trained by run') }),
  'model-version.approved': (data) => ({ what: `${version(data)} was approved`, why: checksIn(data) }),
  'model-version.refused': (data) => ({ what: `${version(data)} was refused`, why: failedChecks(data), mark: 'refused' }),
  'model-version.promoted': (data) => ({
    what: `${version(data)} became ${text(data, 'alias')}${instead(data)}`,
    who: text(data, 'requestedBy'),
    why: text(data, 'reason'),
  }),
  'model-version.rolled-back': (data) => ({
    what: `${text(data, 'model')} went back to version ${text(data, 'version')} as ${text(data, 'alias')}`,
    who: text(data, 'requestedBy'),
    why: text(data, 'reason'),
    mark: 'rolled back',
  }),
  'experiment.started': (data) => ({
    what: `Experiment ${text(data, 'experiment')} started phase ${text(data, 'phase')}`,
    who: text(data, 'startedBy'),
    why: untilIn(data),
  }),
  'experiment.decided': (data) => ({
    what: `Experiment ${text(data, 'experiment')} decided: ${text(data, 'decision')}`,
    why: text(data, 'because') || effectIn(data),
  }),
  'experiment.stopped': (data) => ({
    what: `Experiment ${text(data, 'experiment')} was stopped`,
    who: text(data, 'stoppedBy'),
    why: text(data, 'reason'),
  }),
  'guardrail.breached': (data) => ({
    what: `Guardrail ${text(data, 'guardrail')} was breached by ${version(data)}`,
    why: sentences(text(data, 'because'), from(data, 'outcomes', 'Outcomes until then:')),
    mark: 'breached',
  }),
  'training-run.started': (data) => ({ what: `Run of ${text(data, 'job')} started`, why: from(data, 'trials', 'trials:') }),
  'training-run.finished': (data) => ({ what: `Run of ${text(data, 'job')} finished`, why: metricsIn(data) }),
  'training-run.failed': (data) => ({
    what: `Run of ${text(data, 'job')} failed`,
    why: sentences(text(data, 'reason'), text(data, 'hint')),
    mark: 'failed',
  }),
  'training-run.cancelled': (data) => ({ what: `Run of ${text(data, 'job')} was cancelled`, why: text(data, 'reason') }),
  'deployment.switched': (data) => ({
    what: switchIn(data),
    why: typeof data['milliseconds'] === 'number' ? `${formatMilliseconds(data['milliseconds'])} after the alias moved` : '',
  }),
};

/** What a decision's message says, for people. A type that is new here is told by its name. */
export function decisionText({ type, service, data = {} }: Said): DecisionText {
  const { who, ...written } = WRITERS[type]?.(data) ?? { what: type, why: '' };
  const eventTime = eventTimeIn(data);
  return { ...written, who: who === undefined || who === '' ? service : who, ...(eventTime !== undefined && { eventTime }) };
}

function text(data: Data, key: string): string {
  const value = data[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function from(data: Data, key: string, before: string): string {
  const value = text(data, key);
  return value === '' ? '' : `${before} ${value}`;
}

const version = (data: Data): string => `${text(data, 'model')} version ${text(data, 'version')}`;

function instead(data: Data): string {
  const previous = text(data, 'previous');
  return previous === '' ? '' : `, replacing version ${previous}`;
}

/** A decision's own time, as the messages name it. */
function eventTimeIn(data: Data): number | undefined {
  const times = ['decidedAt', 'breachedAt', 'startedAt'].map((key) => Date.parse(text(data, key)));
  return times.find((time) => !Number.isNaN(time));
}

function untilIn(data: Data): string {
  const end = Date.parse(text(data, 'endsAt'));
  return Number.isNaN(end) ? '' : `until ${formatEventTime(end)}`;
}

/** A shadow is switched as well, and answers nobody. */
function switchIn(data: Data): string {
  const [name, alias, to] = [text(data, 'name'), text(data, 'alias'), text(data, 'version')];
  return to === ''
    ? `Deployment ${name} has no ${alias} any more`
    : `Deployment ${name}: its ${alias} is version ${to} of ${text(data, 'model')} now`;
}

function objectIn(data: Data, key: string): Data {
  const value = data[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Data) : {};
}

function listIn(data: Data, key: string): readonly Data[] {
  const value = data[key];
  return Array.isArray(value) ? value.filter((item): item is Data => typeof item === 'object' && item !== null) : [];
}

function checksIn(data: Data): string {
  const checks = listIn(data, 'checks');
  return checks.length === 0 ? '' : `${checks.length} checks passed: ${checks.map((check) => text(check, 'name')).join(', ')}`;
}

function failedChecks(data: Data): string {
  const failed = listIn(data, 'checks').filter(({ passed }) => passed === false);
  return sentences(...failed.map((check) => `${text(check, 'name')}: ${text(check, 'detail')}`));
}

function metricsIn(data: Data): string {
  const metrics = Object.entries(objectIn(data, 'metrics')).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return metrics
    .slice(0, 4)
    .map(([name, value]) => `${name} ${formatMeasure(value)}`)
    .join(', ');
}

function effectIn(data: Data): string {
  const { effect, ci } = objectIn(data, 'analysis');
  if (typeof effect !== 'number' || !Array.isArray(ci)) return '';
  const [low, high] = ci as readonly unknown[];
  if (typeof low !== 'number' || typeof high !== 'number') return '';
  return `Effect ${formatMeasure(effect)} [${formatMeasure(low)}, ${formatMeasure(high)}].`;
}
