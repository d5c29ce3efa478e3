import type { ViewPlan } from '@roofshot/feature-defs/view-plan';
import { nobodyErased, type IsErased } from '@roofshot/storage/erased-subjects';

/** The parts of an entity's key, as it is written in state. */
export const partsOf = (entity: string): string[] => JSON.parse(entity) as string[];

/** The plan without what erased subjects added: events about them, and events of others to entities that they are part of. */
export function unlessErased(plan: ViewPlan, isErased: IsErased): ViewPlan {
  if (isErased === nobodyErased) return plan;
  const { eventType } = plan;
  return {
    ...plan,
    contributionOf: (event, report) => {
      if (event.subject !== undefined && isErased(event.subject, eventType, event.knownTime)) return undefined;
      const contribution = plan.contributionOf(event, report);
      const isOfErased =
        contribution !== undefined && partsOf(contribution.entity).some((part) => isErased(part, eventType, event.knownTime));
      return isOfErased ? undefined : contribution;
    },
  };
}
