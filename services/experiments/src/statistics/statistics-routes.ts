/** The stateless door to the statistics library: for the console, for notebooks, for whoever wants to check a figure. */
import { StatisticsAnswer, StatisticsMethods, StatisticsRequest } from '@roofshot/contracts/http/experiments';
import type { HttpRoutes } from '@roofshot/runtime/http';
import { suggest } from '@roofshot/runtime/nearest';
import { StatisticsError, type StatisticsErrorCode } from '@roofshot/statistics/errors';
import type { Static } from 'typebox';
import { fail } from '../errors.ts';
import type { Method } from './method.ts';
import { METHODS } from './methods.ts';

/** Changes when a method's answer to the same input does. */
const VERSION = '1.0.0';
/** Rows of some hundred thousand units. */
const BODY_LIMIT = 32 * 1024 * 1024;
/** What is asked wrongly; every other code means that the data have no answer. */
const ASKED_WRONGLY: readonly StatisticsErrorCode[] = ['invalid-input', 'invalid-option'];

export function addStatisticsRoutes(http: HttpRoutes): void {
  http.route({
    method: 'GET',
    url: '/v1/statistics',
    summary: 'Every method with formula, assumptions, reference and an example.',
    response: StatisticsMethods,
    handler: () => ({ methods: [...METHODS.values()].map(describeMethod) }),
  });
  http.route({
    method: 'POST',
    url: '/v1/statistics',
    summary: 'One method on its input. 422 where there is no honest answer.',
    body: StatisticsRequest,
    response: StatisticsAnswer,
    bodyLimit: BODY_LIMIT,
    handler: ({ body }) => answer(body),
  });
}

function describeMethod({ run, example, ...said }: Method): Static<typeof StatisticsMethods>['methods'][number] {
  return { ...said, example: { ...example, result: run(example.input, example.options) } };
}

function answer({ method, input, options = {} }: Static<typeof StatisticsRequest>): Static<typeof StatisticsAnswer> {
  const found = METHODS.get(method);
  if (found === undefined) throw fail('invalid', `There is no method ${method}. ${suggest(method, [...METHODS.keys()])}`);
  try {
    return { method, version: VERSION, result: { ...found.run(input, options) } };
  } catch (error) {
    if (!(error instanceof StatisticsError)) throw error;
    throw fail(ASKED_WRONGLY.includes(error.code) ? 'invalid' : 'no-answer', error.message, { reason: error.code });
  }
}
