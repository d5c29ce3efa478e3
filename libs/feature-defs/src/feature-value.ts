/** What a feature may be: a number for models, and texts, truth values and lists for people, rules and other programs. */
export type Scalar = number | string | boolean;
export type FeatureValue = Scalar | null | Scalar[];

/** `int` for counts, which are whole numbers. */
export type Dtype = 'float' | 'int' | 'string' | 'bool' | 'float_list' | 'string_list' | 'bool_list';

/** Whether models can take it. */
export function isNumeric(dtype: Dtype): boolean {
  return dtype === 'float' || dtype === 'int';
}
