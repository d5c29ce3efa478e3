/** All that serving knows of what it answers with, in memory: a request asks no other service and no broker. */
import type { DataOf } from '@roofshot/contracts/define';
import type { DeploymentChanged } from '@roofshot/contracts/deployments';
import type { AllocationDocument } from '@roofshot/contracts/experiments';
import { DefinitionFaults, Definitions } from '@roofshot/feature-defs/definitions';
import { suggestNames } from '@roofshot/feature-defs/nearest';
import type { Signal } from '@roofshot/runtime/signal';
import type { Logger } from '@roofshot/telemetry/logger';
import { notReady, unknownDeployment } from '../errors.ts';
import type { Switchboard } from '../models/switchboard.ts';
import { Allocations } from './allocations.ts';
import { aliasesOf, prepareEndpoint, type Endpoint, type PreparedEndpoint } from './endpoint.ts';

type Changed = DataOf<typeof DeploymentChanged>;
type Prepared = { readonly endpoint: PreparedEndpoint } | { readonly fault: string };

export interface EndpointsOptions {
  readonly switchboard: Switchboard;
  /** Told of each change of what is declared. */
  readonly changed: Signal;
  readonly onDeclared: (endpoint: Endpoint) => void;
  readonly log: Logger;
}

export class Endpoints {
  readonly definitions = new Definitions();
  readonly allocations = new Allocations();
  readonly #options: EndpointsOptions;
  readonly #declared = new Map<string, Changed>();
  readonly #prepared = new Map<string, Prepared>();

  constructor(options: EndpointsOptions) {
    this.#options = options;
  }

  /** As deployments.v1 and the service's own resources say it, in any order; generations only rise. */
  setDeployment(changed: Changed): void {
    const known = this.#declared.get(changed.name);
    const isNews =
      known === undefined || changed.generation > known.generation || (changed.generation === known.generation && changed.deleted);
    if (!isNews) return;
    this.#declared.set(changed.name, changed);
    this.#prepared.delete(changed.name);
    this.#options.switchboard.want(this.list().flatMap(aliasesOf));
    this.#options.changed.changed();
    if (!changed.deleted) this.#options.onDeclared(changed);
  }

  /** A change of entities, views or services: plans are made anew when they are asked for. */
  redefine(set: (definitions: Definitions) => void): void {
    set(this.definitions);
    this.#prepared.clear();
    this.#options.changed.changed();
  }

  setAllocation(document: AllocationDocument): void {
    try {
      this.allocations.set(document);
    } catch (error) {
      this.#options.log.error('An allocation cannot be used; the one before stays in force.', {
        'labels.experiment': document.experiment,
        error,
      });
    }
    this.#options.changed.changed();
  }

  list(): Endpoint[] {
    return [...this.#declared.values()].filter(({ deleted }) => !deleted);
  }

  find(name: string): Endpoint | undefined {
    const declared = this.#declared.get(name);
    return declared?.deleted === false ? declared : undefined;
  }

  /** Throws `not-found` with the nearest names. */
  get(name: string): Endpoint {
    const endpoint = this.find(name);
    if (endpoint === undefined)
      throw unknownDeployment(
        name,
        suggestNames(
          name,
          this.list().map((one) => one.name),
        ),
      );
    return endpoint;
  }

  /** Throws `not-found`, or `not-ready` while its feature service is not known or does not fit. */
  getPrepared(name: string): PreparedEndpoint {
    const endpoint = this.get(name);
    const prepared = this.#prepared.get(name) ?? this.#prepare(endpoint);
    if ('fault' in prepared) throw notReady(`Deployment ${name} cannot answer yet: ${prepared.fault}`);
    return prepared.endpoint;
  }

  /** Why the deployment cannot answer; undefined when it can. */
  faultOf(endpoint: Endpoint): string | undefined {
    const prepared = this.#prepared.get(endpoint.name) ?? this.#prepare(endpoint);
    return 'fault' in prepared ? prepared.fault : undefined;
  }

  #prepare(endpoint: Endpoint): Prepared {
    const prepared = this.#tryToPrepare(endpoint);
    this.#prepared.set(endpoint.name, prepared);
    return prepared;
  }

  #tryToPrepare(endpoint: Endpoint): Prepared {
    const { featureService } = endpoint.spec;
    try {
      return { endpoint: prepareEndpoint(endpoint, this.definitions.service(featureService)) };
    } catch (error) {
      if (error instanceof DefinitionFaults) return { fault: `${error.message}. Apply it, or correct the deployment's featureService.` };
      return { fault: `${(error as Error).message}. Correct the deployment, or the FeatureService ${featureService}.` };
    }
  }
}
