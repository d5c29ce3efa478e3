/** The allocation documents in force, by experiment. While an experiment runs it alone says which variant a unit gets. */
import type { AllocationDocument } from '@roofshot/contracts/experiments';
import { compileAllocation, type Assignment, type CompiledAllocation } from '@roofshot/assignment/allocation';

export interface RunningAllocation {
  readonly document: AllocationDocument;
  readonly assign: (unit: string) => Assignment;
}

interface Known {
  readonly document: AllocationDocument;
  readonly compiled: CompiledAllocation;
}

export class Allocations {
  readonly #byExperiment = new Map<string, Known>();
  /** The running one of each deployment. */
  #running = new Map<string, RunningAllocation>();

  /** The newest configuration of an experiment wins. Throws when the document contradicts itself: then the one before stays in force. */
  set(document: AllocationDocument): void {
    const known = this.#byExperiment.get(document.experiment);
    if (known !== undefined && known.document.configVersion >= document.configVersion) return;
    this.#byExperiment.set(document.experiment, { document, compiled: compileAllocation(document) });
    this.#running = new Map(
      this.#inOrder().map(({ document: one, compiled }) => [one.deployment, { document: one, assign: compiled.assign }]),
    );
  }

  running(deployment: string): RunningAllocation | undefined {
    return this.#running.get(deployment);
  }

  find(experiment: string): AllocationDocument | undefined {
    return this.#byExperiment.get(experiment)?.document;
  }

  /** The running one, else the one that said most often what holds. */
  latest(deployment: string): AllocationDocument | undefined {
    const running = this.running(deployment)?.document;
    const all = [...this.#byExperiment.values()].map(({ document }) => document).filter((document) => document.deployment === deployment);
    return running ?? all.sort((a, b) => b.configVersion - a.configVersion)[0];
  }

  /** Backwards by name, so that of two (which experiments never lets run together) every process takes the first. */
  #inOrder(): Known[] {
    return [...this.#byExperiment.values()]
      .filter(({ document }) => document.state === 'running')
      .sort((a, b) => (a.document.experiment < b.document.experiment ? 1 : -1));
  }
}
