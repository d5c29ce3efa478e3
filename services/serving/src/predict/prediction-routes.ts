/** The doors of deployments: questions, states, progress. */
import { DeploymentState, PredictionsProgress } from '@roofshot/contracts/http/serving';
import { Name } from '@roofshot/contracts/ids';
import { Wait, waitMs } from '@roofshot/runtime/durations';
import type { HttpRoutes } from '@roofshot/runtime/http';
import type { Signal } from '@roofshot/runtime/signal';
import { Type } from 'typebox';
import { describeState, isReached, type StateSources } from '../deployments/describe-state.ts';
import type { StartGate } from '../start-gate.ts';
import type { SpoolRelay } from '../spool/relay.ts';
import type { Spool } from '../spool/spool.ts';
import type { AnswerQuestions } from './answer-questions.ts';
import type { Shadows } from './shadows.ts';

/** A batch of 1,000 questions with long contexts. */
const BODY_LIMIT = 8 * 1024 * 1024;

export interface PredictParts {
  readonly answers: AnswerQuestions;
  readonly shadows: Shadows;
  readonly gate: StartGate;
}

export function addPredictRoute(http: HttpRoutes, { answers, shadows, gate }: PredictParts): void {
  http.route({
    method: 'POST',
    url: '/v1/predict/:deployment',
    summary:
      'One question {unit, entities, context, predictionId?, asOf?}, or {requests: […]} for a batch: a score, the decision, which version answered, and how far its features can be trusted.',
    params: Type.Object({ deployment: Type.String() }),
    bodyLimit: BODY_LIMIT,
    handler: async ({ params: { deployment }, body, reply }) => {
      if (!gate.isOpen) await gate.pass();
      const answered = await answers.answer(deployment, body);
      reply.raw.once('close', () => shadows.mirror(answered.mirrored));
      return answered.body;
    },
  });
}

export interface StateParts extends StateSources {
  /** Changes with every deployment, alias and allocation. */
  readonly changed: Signal;
}

const StateQuery = Type.Object({
  alias: Type.Optional(Type.String()),
  version: Type.Optional(Type.Integer()),
  experiment: Type.Optional(Type.String()),
  configVersion: Type.Optional(Type.Integer()),
  state: Type.Optional(Type.String()),
  wait: Type.Optional(Wait),
});

export function addStateRoute(http: HttpRoutes, parts: StateParts): void {
  http.route({
    method: 'GET',
    url: '/v1/deployments/:name/state',
    summary: 'What answers now; with `wait`, held until the alias answers with the version, or the experiment’s allocation is so.',
    params: Type.Object({ name: Name }),
    query: StateQuery,
    response: DeploymentState,
    handler: async ({ params: { name }, query, signal }) => {
      const describe = (): DeploymentState => describeState(parts, parts.endpoints.get(name), query.experiment);
      const timeoutMs = waitMs(query.wait);
      // Declared a moment ago through another process, or before this one started: that too is waited for.
      const isSo = (): boolean => parts.endpoints.find(name) !== undefined && isReached(describe(), query);
      if (timeoutMs > 0) await parts.changed.waitUntil(isSo, { timeoutMs, signal });
      return describe();
    },
  });
}

export interface ProgressParts {
  readonly spool: Spool;
  readonly relay: SpoolRelay;
  readonly shadows: Shadows;
}

export function addProgressRoute(http: HttpRoutes, { spool, relay, shadows }: ProgressParts): void {
  http.route({
    method: 'GET',
    url: '/v1/predictions/progress',
    summary: 'Held until everything that was answered before the call, and what its shadows say to it, lies on the log.',
    query: Type.Object({ wait: Type.Optional(Wait) }),
    response: PredictionsProgress,
    handler: async ({ query, signal }) => {
      const timeoutMs = waitMs(query.wait);
      const began = performance.now();
      const isMirrored = await shadows.caughtUp({ timeoutMs, signal });
      const left = Math.max(0, timeoutMs - (performance.now() - began));
      const reached = isMirrored && (await relay.publishedUpTo(spool.end, { timeoutMs: left, signal }));
      return { reached, unpublished: spool.unpublishedLines, shadowsWaiting: shadows.waiting };
    },
  });
}
