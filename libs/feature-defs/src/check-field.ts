import type { DescribedType, VariableType } from './field-types.ts';
import { nearestNames, suggestNames } from './nearest.ts';

export interface CheckedField {
  readonly type: VariableType;
  /** Why it can never be there. */
  readonly fault?: string;
  /** Why it is perhaps never there. */
  readonly doubt?: string;
}

/** What is known of the field `name` of `object`, which a sentence calls `path`. */
export function checkField(object: DescribedType, path: string, name: string): CheckedField {
  const { names, source } = object;
  const { state, type } = object.field(name);
  if (state === 'absent')
    return { type, fault: `${path} has no field "${name}"${source === undefined ? '' : ` in ${source}`}${suggestNames(name, names)}` };
  if (!isDoubtful(state, name, names)) return { type };
  const remedy = 'Correct the name, or declare the field: without it the value is null';
  return { type, doubt: `${source ?? 'the schema'} declares no field "${name}" of ${path}${suggestNames(name, names)}. ${remedy}` };
}

/** Where nothing is declared, nothing can be misspelt; where all further fields are described, only a near name looks like a mistake. */
function isDoubtful(state: string, name: string, names: readonly string[]): boolean {
  if (state === 'undeclared') return names.length > 0;
  return state === 'other' && nearestNames(name, names).length > 0;
}
