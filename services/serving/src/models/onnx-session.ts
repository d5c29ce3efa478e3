/** One ONNX file, loaded: a matrix of features in, the probability of the positive class out. */
import { ADMITTED_ROWS } from '@roofshot/contracts/models';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Signature } from './model-catalogue.ts';

/** One thread a session: several sessions and requests share the machine, and small models are slower on more threads. */
const OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
};

export class OnnxSession {
  readonly inputName: string;
  readonly outputName: string;
  /** Columns of the matrix, and numbers in each row of the answer. */
  readonly width: number;
  readonly classes: number;
  readonly #session: InferenceSession;

  private constructor(session: InferenceSession, signature: Signature, shape: SessionShape) {
    this.#session = session;
    this.inputName = shape.input;
    this.outputName = signature.output.name;
    this.width = signature.inputs.length;
    this.classes = shape.classes;
  }

  /** Loads the file and asks it once, so that the first user does not wait. Throws a sentence when it does not fit its signature. */
  static async load(path: string, signature: Signature): Promise<OnnxSession> {
    const session = await InferenceSession.create(path, OPTIONS);
    try {
      const loaded = new OnnxSession(session, signature, shapeOf(session, signature));
      const [score] = await loaded.score(new Float32Array(loaded.width), 1);
      if (!isProbability(score)) throw new Error(`its answer to a row of zeros is ${score}, which is no probability`);
      return loaded;
    } catch (error) {
      await session.release();
      throw error;
    }
  }

  /**
   * The whole output, row-major: [rows, classes]. `matrix`: rows × width, row-major, NaN where a value is not known.
   * A run holds up this whole process, so it is asked in numbers of rows that admission has tried; between them others have their turn.
   */
  async run(matrix: Float32Array, rows: number): Promise<Float32Array> {
    if (ADMITTED_ROWS.includes(rows)) return this.#runAtOnce(matrix, rows);
    const whole = new Float32Array(rows * this.classes);
    for (let from = 0, count = 0; from < rows; from += count) {
      count = largestPart(rows - from);
      const part = await this.#runAtOnce(matrix.subarray(from * this.width, (from + count) * this.width), count);
      whole.set(part, from * this.classes);
    }
    return whole;
  }

  async #runAtOnce(matrix: Float32Array, rows: number): Promise<Float32Array> {
    const output = await this.#session.run({ [this.inputName]: new Tensor('float32', matrix, [rows, this.width]) }, [this.outputName]);
    const data = output[this.outputName]?.data;
    if (!(data instanceof Float32Array) || data.length !== rows * this.classes) {
      throw new Error(`the output ${this.outputName} has ${data?.length ?? 0} numbers for ${rows} rows of ${this.classes}`);
    }
    return data;
  }

  /** The probability of the positive class (the last one) of each row. */
  async score(matrix: Float32Array, rows: number): Promise<Float32Array> {
    const data = await this.run(matrix, rows);
    return Float32Array.from({ length: rows }, (_, row) => withoutRounding(data[row * this.classes + this.classes - 1] as number));
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

interface SessionShape {
  readonly input: string;
  readonly classes: number;
}

function shapeOf(session: InferenceSession, signature: Signature): SessionShape {
  const [input, ...others] = session.inputMetadata;
  if (input === undefined || !input.isTensor || others.length > 0) {
    throw new Error(`it has the inputs ${session.inputNames.join(', ')}, and one tensor of all features is needed`);
  }
  const columns = input.shape.at(-1);
  if (input.type !== 'float32' || (typeof columns === 'number' && columns > 0 && columns !== signature.inputs.length)) {
    const found = `${input.type} [${input.shape.join(', ')}]`;
    throw new Error(`its input ${input.name} is ${found}, and the signature has ${signature.inputs.length} float features`);
  }
  const output = session.outputMetadata.find(({ name }) => name === signature.output.name);
  if (output === undefined || !output.isTensor || output.type !== 'float32') {
    throw new Error(`it has the outputs ${session.outputNames.join(', ')}, and the signature names ${signature.output.name} as float`);
  }
  return { input: input.name, classes: output.shape.length < 2 ? 1 : classesOf(output.shape.at(-1), output.name) };
}

function classesOf(size: number | string | undefined, name: string): number {
  if (size === 1 || size === 2) return size;
  throw new Error(`its output ${name} has ${size} numbers a row, and the probabilities of two classes are needed`);
}

/** The greatest number of rows that may be asked at once, of those that are left. */
function largestPart(rows: number): number {
  return ADMITTED_ROWS.findLast((count) => count <= rows) ?? 1;
}

/** Sums of many float32 numbers, as of the trees of a forest, come to so much more than 1 or less than 0. */
const ROUNDING = 1e-5;

function withoutRounding(score: number): number {
  const nearest = Math.min(1, Math.max(0, score));
  return Math.abs(score - nearest) <= ROUNDING ? nearest : score;
}

export function isProbability(score: number | undefined): score is number {
  return score !== undefined && score >= 0 && score <= 1;
}
