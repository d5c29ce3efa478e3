/** One thing that data of one schema may hold and that another schema does not accept. */
export interface Incompatibility {
  /** Where in the schema that reads; where only the schema that wrote has the place, there. Like `#/properties/amount/type`. */
  readonly path: string;
  /** A stable upper-case word: Confluent's types of differences, or those of Avro's SchemaCompatibility, where there are some. */
  readonly rule: string;
  /** What data break, in a sentence. */
  readonly message: string;
  /** What to change. */
  readonly fix: string;
}

/** Which of the two schemas is the new one, and can be changed: the reading one (BACKWARD) or the writing one (FORWARD). */
export type ChangedSide = 'reader' | 'writer';

/** Before it is known which of the schemas can be changed. */
export interface Finding extends Incompatibility {
  /** What to change in the schema that writes. */
  readonly keep: string;
}

type FindingParts = Omit<Incompatibility, 'path'> & { readonly keep?: string };

/** A finding; `keep` has a default that fits most rules. */
export function findingAt(path: string, { keep, ...parts }: FindingParts): Finding {
  return { path, ...parts, keep: keep ?? `Keep at ${path} in the new schema what the older one asks for.` };
}

/** Each place and rule once, in the order in which they were found, with the advice for the side that can be changed. */
export function incompatibilitiesOf(findings: readonly Finding[], side: ChangedSide): Incompatibility[] {
  const unique = new Map(findings.map((finding) => [`${finding.path} ${finding.rule} ${finding.message}`, finding]));
  return [...unique.values()].map(({ path, rule, message, fix, keep }) => ({ path, rule, message, fix: side === 'reader' ? fix : keep }));
}
