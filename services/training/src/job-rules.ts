/** What training asks of a TrainingJob beyond its schema. */
import type { SearchSpec, TrainingJobSpec } from '@roofshot/contracts/resources/training-job';
import { TrainingJob } from '@roofshot/contracts/resources/training-job';
import type { Fault } from '@roofshot/contracts/validate';
import { nearest, suggest } from '@roofshot/runtime/nearest';
import { ownedKind, type OwnedKind } from '@roofshot/runtime/resource-rules';
import { openRunsOf } from './runs/run-store.ts';

export const trainingJobKind: OwnedKind = ownedKind(TrainingJob, {
  check: jobFaults,
  mayDelete: async ({ metadata }, { tx }) => {
    const open = await openRunsOf(tx, metadata.name);
    return open.map((runId) => ({ path: '', message: `its run ${runId} has not ended; cancel it, or wait` }));
  },
});

/** All faults; pointers begin at the spec. */
export function jobFaults(spec: TrainingJobSpec): Fault[] {
  return [
    ...codeFaults(spec),
    ...featureFaults(spec),
    ...paramFaults(spec),
    ...(spec.search === undefined ? [] : searchFaults(spec, spec.search)),
  ];
}

function codeFaults({ code, entryPoint }: TrainingJobSpec): Fault[] {
  if (code === undefined) {
    return [
      {
        path: '/code',
        message: `is missing: \`roofshot apply\` puts the text of ${entryPoint} there; send it along when you apply by HTTP`,
      },
    ];
  }
  if (/^(async\s+)?def\s+train\s*\(/m.test(code)) return [];
  const defined = [...code.matchAll(/^def\s+(\w+)\s*\(/gm)].map(([, name = '']) => name);
  const near = nearest('train', defined).map((name) => ` Rename ${name}?`);
  return [{ path: '/code', message: `${entryPoint} defines no function train(run) at its top level.${near.join('')}` }];
}

function featureFaults({ features = [], label }: TrainingJobSpec): Fault[] {
  return features.flatMap((name, index) => {
    if (features.indexOf(name) < index) return [{ path: `/features/${index}`, message: `${name} is named twice` }];
    if (name !== label.name) return [];
    return [{ path: `/features/${index}`, message: `${name} is the label: a model that reads what it predicts learns nothing` }];
  });
}

function paramFaults({ params = {}, search }: TrainingJobSpec): Fault[] {
  const names = [
    ...Object.keys(params).map((name) => `/params/${name}`),
    ...Object.keys(search?.space ?? {}).map((name) => `/search/space/${name}`),
  ];
  const threads = names
    .filter((path) => path.endsWith('/n_jobs'))
    .map((path) => ({ path, message: 'is the number of threads, not of the model: set resources.threads' }));
  const both = Object.keys(params)
    .filter((name) => name in (search?.space ?? {}))
    .map((name) => ({ path: `/params/${name}`, message: 'is searched for as well: keep it in params or in search.space' }));
  return [...threads, ...both];
}

function searchFaults({ params = {}, validation }: TrainingJobSpec, search: SearchSpec): Fault[] {
  const { space, start = [], trials } = search;
  const names = Object.keys(space);
  const known = [...names, ...Object.keys(params)];
  const faults = Object.entries(space).flatMap(([name, range]) =>
    rangeFaults(range).map((message) => ({ path: `/search/space/${name}`, message })),
  );
  if (names.length === 0)
    faults.push({ path: '/search/space', message: 'is empty: name the parameters to search for, or leave search out' });
  if (validation === undefined) {
    faults.push({
      path: '/validation',
      message: 'is missing: a search compares trials on rows that are held out, like `validation: { last: 2d }`',
    });
  }
  if (start.length > trials)
    faults.push({ path: '/search/start', message: `has ${start.length} configurations, and only ${trials} trials are wanted` });
  const unknown = start.flatMap((one, index) =>
    Object.keys(one)
      .filter((name) => !known.includes(name))
      .map((name) => ({
        path: `/search/start/${index}/${name}`,
        message: `is neither in space nor in params: no other trial has it. ${suggest(name, known)}`,
      })),
  );
  return [...faults, ...unknown];
}

function rangeFaults(range: SearchSpec['space'][string]): string[] {
  if (Array.isArray(range)) return new Set(range).size === range.length ? [] : ['names a choice twice'];
  const { min, max, scale, integer } = range;
  return [
    ...(min >= max ? [`min ${min} must be below max ${max}; for one value write a list, [${min}]`] : []),
    ...(scale === 'log' && min <= 0 ? [`min ${min} must be above 0 on a logarithmic scale`] : []),
    ...(integer === true && !(Number.isInteger(min) && Number.isInteger(max))
      ? ['min and max must be whole numbers, since it is an integer']
      : []),
  ];
}
