/** All definitions in force: folded from their changes, compiled, with the faults of what cannot be used. */
import type { EntitySpec, FeatureServiceSpec, FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { Fault } from '@roofshot/contracts/validate';
import { DefinitionFaults } from './definition-faults.ts';
import { suggestNames } from './nearest.ts';
import { compileService, type ServicePlan } from './service-plan.ts';
import { compileView, type ViewPlan } from './view-plan.ts';

export { DefinitionFaults } from './definition-faults.ts';

/** One declaration, as `entity.changed`, `feature-view.changed` and `feature-service.changed` carry it. */
export interface Declared<S> {
  readonly name: string;
  readonly generation: number;
  readonly deleted: boolean;
  readonly spec: S;
}

/**
 * Folds declarations in any order of kinds (a service may be heard of before its views). Plans are compiled when asked for
 * and kept until something changes. Generations of a name only rise, also over its deletion, so the order of hearing does not
 * matter: the highest generation wins, and of the same one its deletion.
 */
export class Definitions {
  readonly #entities = new Map<string, Declared<EntitySpec>>();
  readonly #views = new Map<string, Declared<FeatureViewSpec>>();
  readonly #services = new Map<string, Declared<FeatureServiceSpec>>();
  #viewPlans: ReadonlyMap<string, ViewPlan> | undefined;
  readonly #servicePlans = new Map<string, ServicePlan>();

  setEntity(entity: Declared<EntitySpec>): void {
    this.#set(this.#entities, entity);
  }

  setView(view: Declared<FeatureViewSpec>): void {
    this.#set(this.#views, view);
  }

  setService(service: Declared<FeatureServiceSpec>): void {
    this.#set(this.#services, service);
  }

  #set<S>(all: Map<string, Declared<S>>, declared: Declared<S>): void {
    const known = all.get(declared.name);
    if (known !== undefined && known.generation > declared.generation) return;
    if (known?.generation === declared.generation && known.deleted) return;
    all.set(declared.name, declared);
    this.#viewPlans = undefined;
    this.#servicePlans.clear();
  }

  entities(): ReadonlyMap<string, EntitySpec> {
    return new Map(inForce(this.#entities).map(({ name, spec }) => [name, spec]));
  }

  /** Plans of the views that can be used, by name; a view whose entity is not declared (yet) is not among them. */
  views(): ReadonlyMap<string, ViewPlan> {
    this.#viewPlans ??= new Map(inForce(this.#views).flatMap((view) => this.#compileView(view)));
    return this.#viewPlans;
  }

  #compileView(view: Declared<FeatureViewSpec>): [string, ViewPlan][] {
    const entity = this.entities().get(view.spec.entity);
    if (entity === undefined) return [];
    try {
      return [[view.name, compileView(view, entity)]];
    } catch (error) {
      if (!(error instanceof DefinitionFaults)) throw error;
      return [];
    }
  }

  /** The last that was heard of a view, also of one that was deleted or cannot be used. */
  lastView(name: string): Declared<FeatureViewSpec> | undefined {
    return this.#views.get(name);
  }

  serviceNames(): string[] {
    return inForce(this.#services).map(({ name }) => name);
  }

  serviceSpecs(): ReadonlyMap<string, FeatureServiceSpec> {
    return new Map(inForce(this.#services).map(({ name, spec }) => [name, spec]));
  }

  /** The plan of a feature service. Throws DefinitionFaults: unknown name (with the nearest), or a view or entity that is missing. */
  service(name: string): ServicePlan {
    const known = this.#servicePlans.get(name);
    if (known !== undefined) return known;
    const declared = inForce(this.#services).find((service) => service.name === name);
    if (declared === undefined) throw new DefinitionFaults(`FeatureService "${name}"`, [this.#unknownService(name)]);
    const plan = compileService(declared, this.views());
    this.#servicePlans.set(name, plan);
    return plan;
  }

  #unknownService(name: string): Fault {
    return { path: '', message: `is not declared${suggestNames(name, this.serviceNames())}` };
  }
}

function inForce<S>(all: ReadonlyMap<string, Declared<S>>): Declared<S>[] {
  return [...all.values()].filter(({ deleted }) => !deleted);
}
