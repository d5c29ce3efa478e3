/** What can be asked of an experiment, and what it can be told. */
import {
  AssignmentAnswer,
  ExperimentProgress,
  ExperimentResults,
  StartExperimentRequest,
  StopExperimentRequest,
} from '@roofshot/contracts/http/experiments';
import { Closed } from '@roofshot/contracts/define';
import { Name, UnitId } from '@roofshot/contracts/ids';
import { actorOf } from '@roofshot/runtime/actor';
import { Wait, waitMs } from '@roofshot/runtime/durations';
import type { HttpRoutes } from '@roofshot/runtime/http';
import { Type } from 'typebox';
import { explainAssignment } from './explain-assignment.ts';
import type { Lifecycle } from './phases/lifecycle.ts';
import type { ProgressAnswers } from './progress/progress-answers.ts';
import { readResults, type ResultNeeds } from './read-results.ts';

const OneExperiment = Type.Object({ name: Name });

/** Nest injection token of the `RouteNeeds`. */
export const ROUTE_NEEDS = Symbol('route needs');

export interface RouteNeeds extends ResultNeeds {
  readonly lifecycle: Lifecycle;
  readonly progress: ProgressAnswers;
}

export function addExperimentRoutes(http: HttpRoutes, needs: RouteNeeds): void {
  addReads(http, needs);
  addActs(http, needs);
}

function addReads(http: HttpRoutes, needs: RouteNeeds): void {
  http.route({
    method: 'GET',
    url: '/v1/experiments/progress',
    summary: 'Held until everything that was on the log at the call is folded and analysed.',
    query: Closed({ wait: Type.Optional(Wait) }),
    response: ExperimentProgress,
    handler: ({ query: { wait }, signal }) => needs.progress.answer({ timeoutMs: waitMs(wait), signal }),
  });
  http.route({
    method: 'GET',
    url: '/v1/experiments/:name/results',
    summary: 'The analysis so far, the decision, the probation and the breaches.',
    params: OneExperiment,
    response: ExperimentResults,
    handler: ({ params: { name } }) => readResults(needs, name),
  });
  http.route({
    method: 'GET',
    url: '/v1/experiments/:name/assignments/:unit',
    summary: 'Why this variant for this unit, and what is known of it.',
    params: Type.Object({ name: Name, unit: UnitId }),
    response: AssignmentAnswer,
    handler: ({ params: { name, unit } }) => explainAssignment(needs.sql, name, unit),
  });
}

function addActs(http: HttpRoutes, needs: RouteNeeds): void {
  http.route({
    method: 'POST',
    url: '/v1/experiments/:name/start',
    summary: 'Starts a phase: from now on the allocation is in force and the design is fixed.',
    params: OneExperiment,
    body: StartExperimentRequest,
    response: ExperimentResults,
    handler: async ({ params: { name }, body: { at, requestedBy }, headers, signal }) => {
      await needs.lifecycle.start({ experiment: name, at, requestedBy: requestedBy ?? actorOf(headers) }, signal);
      return readResults(needs, name);
    },
  });
  http.route({
    method: 'POST',
    url: '/v1/experiments/:name/stop',
    summary: 'Ends the running phase without a decision.',
    params: OneExperiment,
    body: StopExperimentRequest,
    response: ExperimentResults,
    handler: async ({ params: { name }, body: { reason, requestedBy }, headers }) => {
      await needs.lifecycle.stop({ experiment: name, reason, requestedBy: requestedBy ?? actorOf(headers) });
      return readResults(needs, name);
    },
  });
}
