/** What the product does with a score: the first declared condition that holds, else `none`. */
import type { Fault } from '@roofshot/contracts/validate';
import { compileExpression, ExpressionFault, type Expression, type Variables } from '@roofshot/feature-defs/expressions';
import type { FeatureValue } from '@roofshot/feature-defs/feature-value';
import { typeOfColumn, type ServicePlan } from '@roofshot/feature-defs/service-plan';
import type { DeploymentSpec } from '@roofshot/contracts/resources/deployment';

export interface DecisionInput {
  readonly score: number;
  readonly features: Readonly<Record<string, FeatureValue>>;
  readonly context: Readonly<Record<string, unknown>>;
}

export type Decide = (input: DecisionInput) => string;

/** The answer when no condition holds. */
export const NO_DECISION = 'none';

export interface CompiledDecisions {
  readonly decide: Decide;
  /** Pointers begin at the deployment's spec. */
  readonly faults: readonly Fault[];
}

type Condition = readonly [decision: string, condition: Expression];

/** Conditions may read `p` (the score), `features` and `context`; without a plan any name in the last two is taken. */
export function compileDecisions(declared: DeploymentSpec['decision'], plan: ServicePlan | undefined): CompiledDecisions {
  const variables = variablesOf(plan);
  const faults: Fault[] = [];
  const conditions = Object.entries(declared ?? {}).flatMap(([decision, text]): Condition[] => {
    const { condition, fault } = compileCondition(text, variables);
    if (fault !== undefined) faults.push({ path: `/decision/${decision}`, message: fault });
    return condition === undefined ? [] : [[decision, condition]];
  });
  return { decide: (input) => firstThatHolds(conditions, input), faults };
}

function variablesOf(plan: ServicePlan | undefined): Variables {
  if (plan === undefined) return { p: 'number', features: 'any', context: 'any' };
  const features = Object.fromEntries(plan.columns.map((column) => [column.name, typeOfColumn(column)]));
  return { p: 'number', features: { fields: features }, context: { fields: plan.context } };
}

function compileCondition(text: string, variables: Variables): { condition?: Expression; fault?: string } {
  try {
    const condition = compileExpression(text, variables);
    if (condition.type === 'boolean' || condition.type === 'any') return { condition };
    return { fault: `\`${text}\` results in a ${condition.type}; a condition is true or false` };
  } catch (error) {
    if (!(error instanceof ExpressionFault)) throw error;
    return { fault: error.message };
  }
}

function firstThatHolds(conditions: readonly Condition[], { score, features, context }: DecisionInput): string {
  const scope = { p: score, features, context };
  return conditions.find(([, condition]) => condition.evaluate(scope) === true)?.[0] ?? NO_DECISION;
}
