import type { Definitions } from '@roofshot/feature-defs/definitions';
import { isDomainError } from '@roofshot/runtime/errors';
import { compileFeastPlan, type FeastPlan, type FeastQuestion } from './feast-plan.ts';

/** Applications ask the same few questions; a client that makes up ever new ones costs no more memory than this. */
const MOST_PLANS = 1_000;

/** Plans by what was asked, compiled once for as long as nothing is declared. */
export class FeastPlans {
  readonly #definitions: Definitions;
  readonly #readDefinitions: () => Promise<Definitions>;
  readonly #plans = new Map<string, FeastPlan>();
  /** A new declaration makes new plans of the views, so the same ones mean that nothing has changed. */
  #views: unknown;

  /** `definitions`: as this process has heard of them; `readDefinitions`: as they are kept. */
  constructor(definitions: Definitions, readDefinitions: () => Promise<Definitions>) {
    this.#definitions = definitions;
    this.#readDefinitions = readDefinitions;
  }

  /** The plan of a question. What this process has not heard of may have been declared by another a moment ago. */
  async of(question: FeastQuestion): Promise<FeastPlan> {
    try {
      return this.#planOf(question);
    } catch (error) {
      if (!isDomainError(error) || error.code !== 'not-found') throw error;
      return compileFeastPlan(question, await this.#readDefinitions());
    }
  }

  #planOf(question: FeastQuestion): FeastPlan {
    const views = this.#definitions.views();
    if (views !== this.#views || this.#plans.size >= MOST_PLANS) this.#plans.clear();
    this.#views = views;
    const name = nameOf(question);
    const known = this.#plans.get(name);
    if (known !== undefined) return known;
    const plan = compileFeastPlan(question, this.#definitions);
    this.#plans.set(name, plan);
    return plan;
  }
}

/** Different for different questions. */
function nameOf({ features = [], feature_service: service, full_feature_names: isFull = false }: FeastQuestion): string {
  return typeof service === 'string' && features.length === 0 ? JSON.stringify(service) : JSON.stringify([service, isFull, ...features]);
}
