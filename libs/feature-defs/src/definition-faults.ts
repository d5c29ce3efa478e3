import type { Fault } from '@roofshot/contracts/validate';
import { compileExpression, ExpressionFault, type Expression, type StaticType, type Variables } from './expressions.ts';

/** A definition cannot be used; every fault is listed. */
export class DefinitionFaults extends Error {
  override readonly name = 'DefinitionFaults';

  constructor(
    readonly subject: string,
    readonly faults: readonly Fault[],
  ) {
    super(
      `${subject} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}: ${faults.map(({ path, message }) => `${path || '/'} ${message}`).join('; ')}`,
    );
  }
}

/** Collects faults, so that all are told at once. */
export class FaultList {
  readonly faults: Fault[] = [];

  add(path: string, message: string): void {
    this.faults.push({ path, message });
  }

  /** The compiled expression; undefined when it is faulty or can never be of the wanted type (both are told). */
  compile(path: string, text: string, variables: Variables, wanted: StaticType): Expression | undefined {
    try {
      const expression = compileExpression(text, variables);
      if (wanted === 'any' || expression.type === 'any' || expression.type === wanted) return expression;
      this.add(path, `\`${text}\` results in a ${expression.type} and a ${wanted} is needed`);
    } catch (error) {
      if (!(error instanceof ExpressionFault)) throw error;
      this.add(path, error.message);
    }
    return undefined;
  }

  throwIfAny(subject: string): void {
    if (this.faults.length > 0) throw new DefinitionFaults(subject, this.faults);
  }
}
