/** What a Metric and an Experiment must be beyond their schemas. */
import { Experiment, Metric, type ExperimentSpec } from '@roofshot/contracts/resources/experiment-kinds';
import type { Fault } from '@roofshot/contracts/validate';
import { ownedKind, type OwnedKind, type RuleContext } from '@roofshot/runtime/resource-rules';
import { suggest } from '@roofshot/runtime/nearest';
import { metricFaults } from '../metrics-of-units.ts';
import { latestPhase } from './phase-store.ts';
import type { Phase } from './phase.ts';

/** A path segment of its own under /v1/experiments. */
const RESERVED = 'progress';
/** As the allocation's arithmetic has it. */
const WEIGHT_TOLERANCE = 1e-6;
const ALPHA_LIMIT = 0.5;
/** Fixed by the start: units would change their variant, or the design would follow the data. */
const FIXED = ['deployment', 'unit', 'seed', 'hashVersion', 'coverage', 'variants', 'metric', 'design', 'probation'] as const;

export const metricKind = (): OwnedKind =>
  ownedKind(Metric, {
    check: async (spec, context) => [...metricFaults(spec), ...(await runningMetricFaults(spec, context))],
    mayDelete: async ({ metadata }, { list }) =>
      (await list(Experiment))
        .filter(({ spec }) => metricNames(spec).includes(metadata.name))
        .map((used) => ({ path: '/metadata/name', message: `the experiment ${used.metadata.name} uses it` })),
  });

export const experimentKind = (): OwnedKind =>
  ownedKind(Experiment, {
    check: async (spec, context) => [
      ...nameFaults(context.name),
      ...variantFaults(spec),
      ...designFaults(spec),
      ...(await metricReferences(spec, context)),
      ...(await fixedFaults(spec, context)),
    ],
    mayDelete: async ({ metadata }, { tx }) => {
      const phase = await latestPhase(tx, metadata.name);
      if (phase?.state !== 'running') return [];
      return [{ path: '/metadata/name', message: `its phase ${phase.phase} runs; stop it first` }];
    },
  });

function nameFaults(name: string): Fault[] {
  return name === RESERVED ? [{ path: '/../metadata/name', message: `${RESERVED} is the name of a route; choose another` }] : [];
}

function variantFaults({ variants }: ExperimentSpec): Fault[] {
  const faults: Fault[] = [];
  const controls = variants.filter(({ control }) => control === true).length;
  if (controls !== 1) faults.push({ path: '/variants', message: `has ${controls} controls; mark exactly one with control: true` });
  if (variants.length !== 2) {
    faults.push({ path: '/variants', message: `has ${variants.length} variants; an experiment compares a control with one treatment` });
  }
  const twice = variants.find(({ name }, index) => variants.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) faults.push({ path: '/variants', message: `has two variants named ${twice.name}; give each its own name` });
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  if (Math.abs(total - 1) > WEIGHT_TOLERANCE) {
    faults.push({
      path: '/variants',
      message: `has weights that add up to ${total}; make them add up to 1, and lower coverage to leave units out`,
    });
  }
  variants.forEach(({ weight }, index) => {
    if (weight === 0) faults.push({ path: `/variants/${index}/weight`, message: 'is 0, so there would be nothing to compare' });
  });
  return faults;
}

function designFaults({ design, coverage, probation }: ExperimentSpec): Fault[] {
  const faults: Fault[] = [];
  const alphas: [string, number | undefined][] = [
    ['/design/alpha', design.alpha],
    ['/design/srmAlarm', design.srmAlarm],
    ...(probation?.guardrails ?? []).map(({ alpha }, index): [string, number | undefined] => [
      `/probation/guardrails/${index}/alpha`,
      alpha,
    ]),
  ];
  for (const [path, alpha] of alphas) {
    if (alpha !== undefined && !(alpha > 0 && alpha < ALPHA_LIMIT))
      faults.push({ path, message: `is ${alpha}; an error probability lies between 0 and ${ALPHA_LIMIT}` });
  }
  if (coverage === 0) faults.push({ path: '/coverage', message: 'is 0, so no unit would take part' });
  const names = (probation?.guardrails ?? []).map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    faults.push({ path: '/probation/guardrails', message: `has two guardrails named ${twice}; give each its own name` });
  return faults;
}

function metricNames({ metric, probation }: ExperimentSpec): string[] {
  return [metric, ...(probation?.guardrails ?? []).flatMap((guardrail) => (guardrail.type === 'paired-metric' ? [guardrail.metric] : []))];
}

async function metricReferences(spec: ExperimentSpec, { list }: RuleContext): Promise<Fault[]> {
  const metrics = new Map((await list(Metric)).map(({ metadata, spec: metric }) => [metadata.name, metric]));
  const places: [string, string][] = [
    ['/metric', spec.metric],
    ...(spec.probation?.guardrails ?? []).flatMap((guardrail, index): [string, string][] =>
      guardrail.type === 'paired-metric' ? [[`/probation/guardrails/${index}/metric`, guardrail.metric]] : [],
    ),
  ];
  return places.flatMap(([path, name]) => {
    const metric = metrics.get(name);
    if (metric === undefined) return [{ path, message: `there is no Metric ${name}. ${suggest(name, [...metrics.keys()])}` }];
    if (metric.source.deployment === spec.deployment) return [];
    return [{ path, message: `${name} is measured on the deployment ${metric.source.deployment}, not on ${spec.deployment}` }];
  });
}

async function fixedFaults(spec: ExperimentSpec, { name, tx }: RuleContext): Promise<Fault[]> {
  const phase = await latestPhase(tx, name);
  if (phase?.state !== 'running') return [];
  return FIXED.filter((field) => !areEqual(spec[field], phase.frozen.spec[field])).map((field) => ({
    path: `/${field}`,
    message: `${fixedSince(phase)}; stop it, change it, and start a new phase`,
  }));
}

async function runningMetricFaults(spec: unknown, { name, tx, list }: RuleContext): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const { metadata } of await list(Experiment)) {
    const phase = await latestPhase(tx, metadata.name);
    const used = phase?.state === 'running' ? phase.frozen.metrics.find((metric) => metric.name === name) : undefined;
    if (phase === undefined || used === undefined || areEqual(spec, used.spec)) continue;
    faults.push({
      path: '',
      message: `is measured by ${metadata.name} and ${fixedSince(phase)}; stop it, change the metric, and start a new phase`,
    });
  }
  return faults;
}

const fixedSince = ({ phase, startedAt }: Phase): string =>
  `is fixed since phase ${phase} was started (${new Date(startedAt).toISOString()})`;

/** As JSON has it, whatever the order of keys. */
function areEqual(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, sortKeys) === JSON.stringify(b, sortKeys);
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
