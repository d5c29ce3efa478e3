import { topicOf } from '@roofshot/contracts/events';
import { Definitions, type Declared } from '@roofshot/feature-defs/definitions';
import type { ViewPlan } from '@roofshot/feature-defs/view-plan';

/**
 * What is declared, as this process knows it: folded from the definitions topic, and told at once by the process that took a
 * change. Another process may know it a moment later; that costs nothing, because a view's own positions say what it has folded.
 */
export class ActiveViews {
  readonly definitions = new Definitions();
  readonly #importers = new Map<string, boolean>();
  #changed: () => void = () => undefined;

  /** Calls `listener` when something was declared, changed or deleted. */
  onChange(listener: () => void): void {
    this.#changed = listener;
  }

  declareEntity(entity: Parameters<Definitions['setEntity']>[0]): void {
    this.definitions.setEntity(entity);
    this.#changed();
  }

  declareView(view: Parameters<Definitions['setView']>[0]): void {
    this.definitions.setView(view);
    this.#changed();
  }

  declareService(service: Declared<Parameters<Definitions['setService']>[0]['spec']>): void {
    this.definitions.setService(service);
    this.#changed();
  }

  declareEventType({ name, importer, deleted }: { name: string; importer: boolean; deleted: boolean }): void {
    if (deleted) this.#importers.delete(name);
    else this.#importers.set(name, importer);
  }

  /** All views that are kept up to date: those that answer, and changed ones that are being computed. */
  plans(): ViewPlan[] {
    return [...this.definitions.views().values(), ...this.definitions.candidates()];
  }

  /** Whether answers are made of the view with this state key. */
  isLive(stateKey: string): boolean {
    const plan = this.definitions.views().get(nameOfView(stateKey));
    return plan?.stateKey === stateKey;
  }

  /** The views that read a topic. */
  plansOf(topic: string): ViewPlan[] {
    return this.plans().filter(({ eventType }) => topicOf(eventType) === topic);
  }

  /** The topics that views read, sorted. */
  topics(): string[] {
    return [...new Set(this.plans().map(({ eventType }) => topicOf(eventType)))].sort();
  }

  /**
   * Whether the events of a topic carry their own known time: then only the source can say how far it has come. A type that is
   * not known (yet) counts as one, because claiming progress too early would make stale values look fresh.
   */
  isImported(topic: string): boolean {
    const [type] = [...this.#importers.keys()].filter((name) => topicOf(name) === topic);
    return type === undefined || this.#importers.get(type) === true;
  }

  /** Whether an event type declares its own known time; undefined when it is not declared. */
  isImporter(eventType: string): boolean | undefined {
    return this.#importers.get(eventType);
  }
}

/** The view of a state key. */
export function nameOfView(stateKey: string): string {
  return stateKey.slice(0, stateKey.lastIndexOf('@'));
}
