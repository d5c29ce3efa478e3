import { deployments } from '@roofshot/contracts/deployments';
import { EraseServingSubject } from '@roofshot/contracts/erasures';
import { assignments } from '@roofshot/contracts/experiments';
import { featureDefinitions } from '@roofshot/contracts/features';
import { modelVersions } from '@roofshot/contracts/models';
import { follow, handle } from '@roofshot/messaging/handlers';
import type { ServiceDefinition } from '@roofshot/runtime/service';
import { FollowAliases } from './models/follow-aliases.ts';
import { EraseUnit } from './erasures/erase-unit.ts';
import { FollowDeclarations } from './deployments/follow-declarations.ts';

/** What serving hears: everything that it needs for an answer, folded into memory in every process. */
export const handlers: ServiceDefinition['handlers'] = (get) => [
  handle(EraseServingSubject, (command, tx) => get(EraseUnit).run(command, tx), { concurrency: 1 }),
  follow(modelVersions, {
    'model-version.registered': 'ignore',
    'model-version.approved': (event) => get(FollowAliases).approved(event.data),
    'model-version.refused': (event) => get(FollowAliases).refused(event.data),
    'model-version.promoted': (event) => get(FollowAliases).moved(event.data),
    'model-version.rolled-back': (event) => get(FollowAliases).moved(event.data),
    'model-alias.removed': (event) => get(FollowAliases).removed(event.data),
  }),
  follow(deployments, {
    'deployment.changed': (event) => get(FollowDeclarations).deployment(event.data),
    'deployment.switched': 'ignore',
  }),
  follow(assignments, { 'assignment.changed': (event) => get(FollowDeclarations).allocation(event.data) }),
  follow(featureDefinitions, {
    'entity.changed': (event) => get(FollowDeclarations).entity(event.data),
    'feature-view.changed': (event) => get(FollowDeclarations).view(event.data),
    'feature-service.changed': (event) => get(FollowDeclarations).featureService(event.data),
  }),
];
