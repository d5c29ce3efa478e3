import type { Analysis } from '@roofshot/contracts/experiments';

/** What the journey's experiment finds, to nine digits. The means and the effect are also recounted from the log. */
export const FIGURES: Analysis = {
  experiment: 'history',
  phase: 1,
  metric: 'cost-per-order',
  asOf: '2020-05-04T03:00:00.000Z',
  units: { control: 1078, treatment: 1082 },
  valued: { control: 1078, treatment: 1082 },
  excluded: 0,
  means: { control: 0.795918367, treatment: 0.257855823 },
  effect: -0.538062545,
  ci: [-0.629860359, -0.446264731],
  ciMethod: "Welch's t, 95 % two-sided, absolute difference",
  pValue: 1.55776065e-29,
  cuped: null,
  sequential: {
    ci: [-0.683540177, -0.392584913],
    method: 'asymptotic confidence sequence (Waudby-Smith et al. 2021), 95 %, tightest at 5000 units',
    pValue: 1.27455674e-22,
  },
  srm: { expected: { control: 1080, treatment: 1080 }, mismatch: false, pValue: 0.931413716 },
  missing: 0,
  immature: 0,
  significantSince: '2020-05-03T04:00:00.000Z',
};
