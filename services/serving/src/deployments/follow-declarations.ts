/** Deployments, allocations and feature definitions as their owners say them. */
import type { DataOf } from '@roofshot/contracts/define';
import type { DeploymentChanged } from '@roofshot/contracts/deployments';
import type { AllocationDocument } from '@roofshot/contracts/experiments';
import type { EntityChanged, FeatureServiceChanged, FeatureViewChanged } from '@roofshot/contracts/features';
import type { Endpoints } from './endpoints.ts';

export class FollowDeclarations {
  readonly #endpoints: Endpoints;

  constructor(endpoints: Endpoints) {
    this.#endpoints = endpoints;
  }

  deployment(data: DataOf<typeof DeploymentChanged>): void {
    this.#endpoints.setDeployment(data);
  }

  allocation(document: AllocationDocument): void {
    this.#endpoints.setAllocation(document);
  }

  entity(data: DataOf<typeof EntityChanged>): void {
    this.#endpoints.redefine((definitions) => definitions.setEntity(data));
  }

  view(data: DataOf<typeof FeatureViewChanged>): void {
    this.#endpoints.redefine((definitions) => definitions.setView(data));
  }

  featureService(data: DataOf<typeof FeatureServiceChanged>): void {
    this.#endpoints.redefine((definitions) => definitions.setService(data));
  }
}
