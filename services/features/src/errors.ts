import { DefinitionFaults } from '@roofshot/feature-defs/definitions';
import type { Fault } from '@roofshot/contracts/validate';
import { DomainError } from '@roofshot/runtime/errors';

/** Faulty names or values in a request: all of them at once. */
export function refuseRequest(what: string, faults: readonly Fault[]): DomainError {
  const list = faults.map(({ path, message }) => `${path} ${message}`).join('; ');
  return new DomainError('invalid', `${what} cannot be answered: ${list}.`, { faults });
}

/** A definition that is missing or broken, as the asker sees it. */
export function fromDefinitionFaults<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DefinitionFaults)) throw error;
    throw new DomainError('not-found', `${error.message}.`, { faults: error.faults });
  }
}
