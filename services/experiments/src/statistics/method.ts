/** One statistical method that can be asked for. */
export interface Method {
  readonly method: string;
  readonly summary: string;
  readonly formula: string;
  readonly assumptions: string;
  readonly reference: string;
  readonly example: { readonly input: Readonly<Record<string, unknown>>; readonly options: Readonly<Record<string, unknown>> };
  /** Throws `invalid` for a faulty shape, and a StatisticsError where there is no answer. */
  readonly run: (input: unknown, options: unknown) => Readonly<Record<string, unknown>>;
}
