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
  /** Rises when something is said again of one generation. */
  readonly revision?: number | undefined;
  /** What answers are made of instead: of a view until this generation has been computed, of a service until its views have. */
  readonly live?: Live<S> | undefined;
}

export interface Live<S> {
  readonly generation: number;
  readonly spec: S;
  /** Of a view: only while it is running is the new generation computed. */
  readonly backfill?: string | undefined;
}

/**
 * Folds declarations in any order of kinds (a service may be heard of before its views). Plans are compiled when asked for
 * and kept until something changes. Generations of a name only rise, also over its deletion, so the order of hearing does not
 * matter: the highest generation wins, of the same one its deletion, and else the highest revision.
 *
 * A changed view answers when it has been computed; until then the one before does. A service that needs a view which is not there yet
 * is what it was before, too.
 */
export class Definitions {
  readonly #entities = new Map<string, Declared<EntitySpec>>();
  readonly #views = new Map<string, Declared<FeatureViewSpec>>();
  readonly #services = new Map<string, Declared<FeatureServiceSpec>>();
  #viewPlans: ReadonlyMap<string, ViewPlan> | undefined;
  #candidates: readonly ViewPlan[] | undefined;
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
    if (known !== undefined && isOlder(declared, known)) return;
    all.set(declared.name, declared);
    this.#viewPlans = undefined;
    this.#candidates = undefined;
    this.#servicePlans.clear();
  }

  entities(): ReadonlyMap<string, EntitySpec> {
    return new Map(inForce(this.#entities).map(({ name, spec }) => [name, spec]));
  }

  /** Plans of the views that answer, by name; a view whose entity is not declared (yet) is not among them. */
  views(): ReadonlyMap<string, ViewPlan> {
    this.#viewPlans ??= new Map(inForce(this.#views).flatMap((view) => this.#compileView({ ...view, ...view.live })));
    return this.#viewPlans;
  }

  /** Plans of changed views that are being computed, beside those that answer. */
  candidates(): readonly ViewPlan[] {
    this.#candidates ??= inForce(this.#views)
      .filter(({ live }) => live?.backfill === 'running')
      .flatMap((view) => this.#compileView(view))
      .map(([, plan]) => plan);
    return this.#candidates;
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
    const plan = this.#compileService(declared);
    this.#servicePlans.set(name, plan);
    return plan;
  }

  #compileService({ live, ...declared }: Declared<FeatureServiceSpec>): ServicePlan {
    try {
      return compileService(declared, this.views());
    } catch (error) {
      if (live === undefined || !(error instanceof DefinitionFaults)) throw error;
      return compileService({ name: declared.name, ...live }, this.views());
    }
  }

  /** Whether it is this generation of a service that answers. */
  answers(name: string, generation: number): boolean {
    try {
      return this.service(name).generation === generation;
    } catch (error) {
      if (error instanceof DefinitionFaults) return false;
      throw error;
    }
  }

  /** The last that was heard of a service. */
  lastService(name: string): Declared<FeatureServiceSpec> | undefined {
    return this.#services.get(name);
  }

  #unknownService(name: string): Fault {
    return { path: '', message: `is not declared${suggestNames(name, this.serviceNames())}` };
  }
}

function isOlder(a: Declared<unknown>, than: Declared<unknown>): boolean {
  if (a.generation !== than.generation) return a.generation < than.generation;
  if (a.deleted !== than.deleted) return than.deleted;
  return (a.revision ?? 0) < (than.revision ?? 0);
}

function inForce<S>(all: ReadonlyMap<string, Declared<S>>): Declared<S>[] {
  return [...all.values()].filter(({ deleted }) => !deleted);
}
