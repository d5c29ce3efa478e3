/** Asks an opened model as serving will: each number of rows that is ever asked at once. */
import { ADMITTED_ROWS } from '@roofshot/contracts/models';
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import type { Checks } from './checks.ts';

export interface Asked {
  readonly input: string;
  readonly output: string;
  readonly columns: number;
  /** Milliseconds that a run may take. */
  readonly maxRunMs: number;
}

/** So many rows are looked at one by one; the other runs are about shape, time and memory. */
const PROBES = 16;
/** |p0 + p1 − 1| of float32 softmaxes stays far below. */
const SUM_TOLERANCE = 1e-3;
/** A forest's sum of float32 numbers comes to so much less than 0; serving takes it for 0. */
const ROUNDING = 1e-5;

interface Answer {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: Float32Array;
  readonly ms: number;
}

export async function askModel(session: InferenceSession, asked: Asked, checks: Checks): Promise<void> {
  if (!(await checkRowCounts(session, asked, checks))) return;
  const { data } = await run(session, asked, probeRows(PROBES, asked.columns));
  const { answered, wrong } = judge(data);
  checks.add(
    'probabilities',
    wrong === 0 && 2 * answered >= PROBES,
    `Of ${PROBES} rows ${answered} gave two numbers in [0, 1] that sum to 1, ${wrong} gave others, the rest none. None may be others, and at most half may give none.`,
  );
  const again = await run(session, asked, probeRows(PROBES, asked.columns));
  const isSame = data.every((value, index) => Object.is(value, again.data[index]));
  checks.add('repeats', isSame, 'The same rows must give the same answers.');
  await checkMissing(session, asked, checks);
}

/** A run that fails for a missing value fails for every row that was asked with it. */
async function checkMissing(session: InferenceSession, asked: Asked, checks: Checks): Promise<void> {
  const name = 'missing values';
  try {
    const { data } = await run(session, asked, new Float32Array(asked.columns).fill(Number.NaN));
    const isAnswered = judge(data).answered === 1;
    checks.add(
      name,
      true,
      isAnswered ? 'It answers rows without any value.' : 'It gives no probability for them: the fallback answers those.',
    );
  } catch (error) {
    checks.add(
      name,
      false,
      `Asked a row without any value it fails: ${messageOf(error)}. Let the model itself put something in their place.`,
    );
  }
}

/** Shape and time of each number of rows; that there is memory for it, or this process would not come back. */
async function checkRowCounts(session: InferenceSession, asked: Asked, checks: Checks): Promise<boolean> {
  let [slowest, slowestMs] = [0, 0];
  for (const rows of ADMITTED_ROWS) {
    const answer = await tryRows(session, asked, rows);
    if (typeof answer === 'string') return checks.add('answers', false, `Asked ${rows} rows it fails: ${answer}`);
    const { type, dims, ms } = answer;
    if (type !== 'float32' || dims.length !== 2 || dims[0] !== rows || dims[1] !== 2) {
      const found = `${rows} rows of ${asked.columns} features gave ${type} [${dims.join(', ')}]`;
      return checks.add('shape', false, `${found}; float32 [${rows}, 2] is expected.`);
    }
    if (ms > asked.maxRunMs) return checks.add('time', false, `${describeTime(rows, ms, asked)} Train a smaller model.`);
    if (ms > slowestMs) [slowest, slowestMs] = [rows, ms];
  }
  checks.add('shape', true, `Each of ${ADMITTED_ROWS.length} numbers of rows, up to ${ADMITTED_ROWS.at(-1)}, gave two numbers a row.`);
  return checks.add('time', true, describeTime(slowest, slowestMs, asked));
}

const describeTime = (rows: number, ms: number, { maxRunMs }: Asked): string =>
  `${rows} rows took ${Math.ceil(ms)} ms; at most ${maxRunMs} ms are allowed, since serving stands still meanwhile.`;

/** The quicker of two runs: the first one also makes room for what it computes. A sentence, where it fails. */
async function tryRows(session: InferenceSession, asked: Asked, rows: number): Promise<Answer | string> {
  const matrix = probeRows(rows, asked.columns);
  try {
    const first = await run(session, asked, matrix);
    const second = await run(session, asked, matrix);
    return first.ms < second.ms ? first : second;
  } catch (error) {
    return messageOf(error);
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

async function run(session: InferenceSession, { input, output, columns }: Asked, matrix: Float32Array): Promise<Answer> {
  const began = performance.now();
  const answer = await session.run({ [input]: new Tensor('float32', matrix, [matrix.length / columns, columns]) }, [output]);
  const ms = performance.now() - began;
  const tensor = answer[output];
  return {
    type: tensor?.type ?? 'nothing',
    dims: tensor?.dims ?? [],
    data: Float32Array.from((tensor?.data ?? []) as ArrayLike<number>),
    ms,
  };
}

/** Deterministic rows without negative values (a logarithm may meet them), over several magnitudes: zeros, ones, and a spread. */
function probeRows(rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, index) => {
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
    if (a >= -ROUNDING && b >= -ROUNDING && Math.abs(a + b - 1) <= SUM_TOLERANCE) answered += 1;
    else wrong += 1;
  }
  return { answered, wrong };
}
