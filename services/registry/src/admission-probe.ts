/**
 * Opens a model file for the first time: run by admit-version.ts in a process of its own, with limits, no environment and an empty
 * folder. Reads `{artifact, signature}` from standard input and writes the checks to standard output as JSON.
 * The file is opened from bytes, so it cannot name other files; what it asks for beyond the limits ends this process, not the service.
 */
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Check, Finished } from './version-store.ts';

export interface ProbeOrder {
  readonly path: string;
  readonly signature: Finished['signature'];
}

const PROBES = 16;
/** |p0 + p1 − 1| of float32 softmaxes stays far below. */
const SUM_TOLERANCE = 1e-3;

async function probe({ path, signature }: ProbeOrder): Promise<Check[]> {
  const checks: Check[] = [];
  const check = (name: string, passed: boolean, detail: string): boolean => {
    checks.push({ name, passed, detail });
    return passed;
  };
  const session = await InferenceSession.create(new Uint8Array(readFileSync(path)), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  check('loads', true, 'ONNX Runtime opens it.');
  const [input] = session.inputNames;
  const inputs = session.inputNames.join(', ');
  if (
    !check(
      'input',
      session.inputNames.length === 1 && input !== undefined,
      `Its inputs: ${inputs}; one matrix of the features in the signature's order is expected.`,
    )
  )
    return checks;
  const output = signature.output.name;
  const outputs = session.outputNames.join(', ');
  if (!check('output', session.outputNames.includes(output), `Its outputs: ${outputs}; the signature promises ${output}.`)) return checks;
  await probeAnswers(session, { input: input ?? '', output, columns: signature.inputs.length }, check);
  return checks;
}

interface Shape {
  readonly input: string;
  readonly output: string;
  readonly columns: number;
}

async function probeAnswers(
  session: InferenceSession,
  { input, output, columns }: Shape,
  check: (name: string, passed: boolean, detail: string) => boolean,
): Promise<void> {
  const run = async (rows: Float32Array): Promise<{ dims: readonly number[]; data: Float32Array }> => {
    const answer = await session.run({ [input]: new Tensor('float32', rows, [rows.length / columns, columns]) }, [output]);
    const tensor = answer[output];
    return { dims: tensor?.dims ?? [], data: Float32Array.from((tensor?.data ?? []) as ArrayLike<number>) };
  };
  const { dims, data } = await run(probeRows(columns));
  const shaped = check(
    'shape',
    dims.length === 2 && dims[0] === PROBES && dims[1] === 2,
    `${PROBES} rows of ${columns} features gave [${dims.join(', ')}]; [${PROBES}, 2] is expected.`,
  );
  if (!shaped) return;
  const { answered, wrong } = judge(data);
  check(
    'probabilities',
    wrong === 0 && 2 * answered >= PROBES,
    `Of ${PROBES} rows ${answered} gave two numbers in [0, 1] that sum to 1, ${wrong} gave others, the rest none. None may be others, and at most half may give none.`,
  );
  const again = await run(probeRows(columns));
  check(
    'repeats',
    data.every((value, index) => Object.is(value, again.data[index])),
    'The same rows must give the same answers.',
  );
  const missing = await run(new Float32Array(columns).fill(Number.NaN));
  const answersMissing = judge(missing.data).answered === 1;
  check(
    'missing values',
    true,
    answersMissing ? 'It answers rows without any value.' : 'It gives no probability for missing values: the fallback answers those.',
  );
}

/** Deterministic rows without negative values (a logarithm may meet them), over several magnitudes: zeros, ones, and a spread. */
function probeRows(columns: number): Float32Array {
  return Float32Array.from({ length: PROBES * columns }, (_, index) => {
    const row = Math.floor(index / columns);
    return row < 2 ? row : Math.abs(Math.sin(index + 1)) * 10 ** ((row % 5) - 1);
  });
}

/** Rows that are probabilities, and rows that are other numbers. A row with NaN is no answer: serving falls back for it. */
function judge(data: Float32Array): { readonly answered: number; readonly wrong: number } {
  let [answered, wrong] = [0, 0];
  for (let row = 0; row < data.length; row += 2) {
    const [a = Number.NaN, b = Number.NaN] = [data[row], data[row + 1]];
    if (Number.isNaN(a) || Number.isNaN(b)) continue;
    if (a >= 0 && b >= 0 && Math.abs(a + b - 1) <= SUM_TOLERANCE) answered += 1;
    else wrong += 1;
  }
  return { answered, wrong };
}

async function main(): Promise<void> {
  const order = JSON.parse(readFileSync(0, 'utf8')) as ProbeOrder;
  const checks = await probe(order).catch((error: unknown): Check[] => [
    { name: 'loads', passed: false, detail: error instanceof Error ? error.message : String(error) },
  ]);
  process.stdout.write(JSON.stringify(checks));
}

await main();
