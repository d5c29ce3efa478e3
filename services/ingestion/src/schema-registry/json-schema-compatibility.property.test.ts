/** Compatible is a promise about data: tried on generated schemas and documents against the validator that checks events. */
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { jsonSchemaIncompatibilities } from './json-schema-compatibility.ts';
import { JsonSchemaDocument, type SchemaObject } from './json-schema-document.ts';
import { copyOf, SchemaGenerator } from './schema-generator-lab.ts';

/** One for all schemas of a dialect: to make one costs more than all else here. */
class Validators {
  readonly #plain: Ajv;
  readonly #filling: Ajv;
  #count = 0;

  constructor(readonly isDraft07: boolean) {
    const make = (useDefaults: boolean): Ajv => {
      const options = { strict: false, useDefaults, allowUnionTypes: true, addUsedSchema: false };
      return isDraft07 ? new Ajv(options) : new Ajv2020(options);
    };
    this.#plain = make(false);
    this.#filling = make(true);
  }

  /** Under a name of its own: a validator remembers what the references of one without a name lead to. */
  #named(schema: SchemaObject): SchemaObject {
    this.#count += 1;
    return { $id: `https://schemas.test/${this.#count}`, ...schema };
  }

  check(schema: SchemaObject): (value: unknown) => boolean {
    const validate = this.#plain.compile(this.#named(schema));
    return (value) => validate(value);
  }

  /** As it is, or with its missing properties filled in. */
  checkFilling(schema: SchemaObject): (value: unknown) => boolean {
    const isValid = this.check(schema);
    const fill = this.#filling.compile(this.#named(schema));
    return (value) => isValid(value) || fill(copyOf(value));
  }
}

interface Tally {
  pairs: number;
  compatible: number;
  documents: number;
  counterExamples: unknown[];
}

/** One pair, and many documents that are valid under the old schema. */
function tryPair(generate: SchemaGenerator, validators: Validators, tally: Tally): void {
  const before = generate.root();
  const after = generate.changed(before);
  const pair = compiled([before, after], validators);
  if (pair === undefined) return;
  tally.pairs += 1;
  if (jsonSchemaIncompatibilities(...pair.documents).length > 0) return;
  tally.compatible += 1;
  const reads = validators.checkFilling(after);
  for (let count = 0; count < DOCUMENTS; count += 1) {
    const value = generate.valueFor(before, before);
    if (!pair.isValid(value)) continue;
    tally.documents += 1;
    if (!reads(value)) tally.counterExamples.push({ before, after, value });
  }
}

interface Compiled {
  readonly documents: [JsonSchemaDocument, JsonSchemaDocument];
  readonly isValid: (value: unknown) => boolean;
}

/** Undefined for what no registry takes: it refers to itself in place, or breaks the meta-schema. */
function compiled([before, after]: readonly [SchemaObject, SchemaObject], validators: Validators): Compiled | undefined {
  try {
    validators.check(after);
    return { documents: [new JsonSchemaDocument(before), new JsonSchemaDocument(after)], isValid: validators.check(before) };
  } catch {
    return undefined;
  }
}

/** Documents for each pair. */
const DOCUMENTS = 40;

describe.each([
  ['2020-12', false],
  ['draft-07', true],
])('compatibility of JSON Schemas of %s', (_, isDraft07) => {
  it('that is found holds for every generated document', () => {
    const validators = new Validators(isDraft07);
    const tally: Tally = { pairs: 0, compatible: 0, documents: 0, counterExamples: [] };
    // More of them when the comparison has been changed: COMPATIBILITY_PAIRS=5000.
    const seeds = Number(process.env['COMPATIBILITY_PAIRS'] ?? 100);
    for (let seed = 1; seed <= seeds; seed += 1) tryPair(new SchemaGenerator(seed, isDraft07), validators, tally);
    expect(tally.counterExamples.slice(0, 3)).toEqual([]);
    // Enough of the claims were put to the test.
    expect(tally.compatible).toBeGreaterThan(tally.pairs / 10);
    expect(tally.documents).toBeGreaterThan(3 * seeds);
  });
});
