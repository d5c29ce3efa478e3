import type { Readiness } from '@roofshot/runtime/readiness';
import { notReady } from './errors.ts';

/**
 * Keeps questions out until the topics have been followed to their ends and the versions are loaded, once: before that, a deployment
 * would seem unknown, or its constant would answer for a version that is only being loaded. Later trouble is told per deployment.
 */
export class StartGate {
  readonly #readiness: Pick<Readiness, 'waitsFor'>;
  #isOpen = false;

  constructor(readiness: Pick<Readiness, 'waitsFor'>) {
    this.#readiness = readiness;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Throws `not-ready` (503). */
  async pass(): Promise<void> {
    const waitsFor = await this.#readiness.waitsFor();
    if (waitsFor.length > 0) throw notReady(`Serving is starting and waits for ${waitsFor.join('; ')}. Ask again in a moment.`);
    this.#isOpen = true;
  }
}
