/**
 * Tensors of the Open Inference Protocol (REST, version 2): read from JSON, checked, and brought into the matrix of a model.
 * Source: kserve/open-inference-protocol, specification/protocol/inference_rest.md.
 */
import { Type, type Static } from 'typebox';
import { DomainError } from '@roofshot/runtime/errors';
import { nearestNames } from '@roofshot/feature-defs/nearest';

const Parameters = Type.Optional(Type.Record(Type.String(), Type.Unknown()));

export const RequestTensor = Type.Object({
  name: Type.String(),
  shape: Type.Array(Type.Integer({ minimum: 0 })),
  datatype: Type.String(),
  parameters: Parameters,
  data: Type.Unknown(),
});
export type RequestTensor = Static<typeof RequestTensor>;

export const InferRequest = Type.Object({
  id: Type.Optional(Type.String()),
  parameters: Parameters,
  inputs: Type.Array(RequestTensor, { minItems: 1 }),
  outputs: Type.Optional(Type.Array(Type.Object({ name: Type.String(), parameters: Parameters }))),
});
export type InferRequest = Static<typeof InferRequest>;

/** What a model takes: one matrix, or the same as one tensor per feature. */
export interface MatrixShape {
  readonly inputName: string;
  /** Features in order. */
  readonly columns: readonly string[];
}

export interface Matrix {
  readonly rows: number;
  /** Row-major, rows × columns; NaN where a value is not known. */
  readonly values: Float32Array;
}

/** Rows in one request. */
const MAX_ROWS = 10_000;

/** Least and greatest whole number of each integer datatype. */
const WHOLE: Readonly<Record<string, readonly [number, number]>> = {
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
  UINT64: [0, 2 ** 64],
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
  INT64: [-(2 ** 63), 2 ** 63],
};
const FLOATS = ['FP16', 'FP32', 'FP64'];

/** Throws `invalid` with a sentence. */
export function readMatrix(inputs: readonly RequestTensor[], shape: MatrixShape): Matrix {
  const [first] = inputs;
  const isWhole = inputs.length === 1 && first !== undefined && first.name === shape.inputName && !shape.columns.includes(first.name);
  return isWhole ? readWhole(first, shape) : readColumns(inputs, shape);
}

function readWhole(tensor: RequestTensor, { columns }: MatrixShape): Matrix {
  const [rows, width, ...others] = tensor.shape;
  if (rows === undefined || width !== columns.length || others.length > 0) {
    throw invalid(
      `The input ${tensor.name} has the shape [${tensor.shape.join(', ')}]; the model takes [n, ${columns.length}]: ${columns.join(', ')}.`,
    );
  }
  refuseManyRows(rows);
  return { rows, values: Float32Array.from(readData(tensor)) };
}

function readColumns(inputs: readonly RequestTensor[], { inputName, columns }: MatrixShape): Matrix {
  refuseOtherNames(inputs, { inputName, columns });
  const rows = inputs[0]?.shape[0] ?? 0;
  refuseManyRows(rows);
  const values = new Float32Array(rows * columns.length);
  for (const tensor of inputs) {
    const isColumn = tensor.shape[0] === rows && (tensor.shape.length === 1 || (tensor.shape.length === 2 && tensor.shape[1] === 1));
    if (!isColumn)
      throw invalid(
        `The input ${tensor.name} has the shape [${tensor.shape.join(', ')}]; as a feature it is [n] or [n, 1], with n = ${rows} as in the first.`,
      );
    const column = columns.indexOf(tensor.name);
    readData(tensor).forEach((value, row) => (values[row * columns.length + column] = value));
  }
  return { rows, values };
}

function refuseOtherNames(inputs: readonly RequestTensor[], { inputName, columns }: MatrixShape): void {
  const names = inputs.map(({ name }) => name);
  const unknown = names.filter((name) => !columns.includes(name));
  const missing = columns.filter((name) => !names.includes(name));
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  if (unknown.length + missing.length + twice.length === 0) return;
  const parts = [
    ...unknown.map((name) => `${name} is not one of its inputs${near(name, [inputName, ...columns])}`),
    ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
    ...twice.map((name) => `${name} comes twice`),
  ];
  throw invalid(
    `The model takes one tensor ${inputName} [n, ${columns.length}], or one tensor for each of its features. ${parts.join('; ')}.`,
  );
}

function near(name: string, known: readonly string[]): string {
  const names = nearestNames(name, known);
  return names.length === 0 ? '' : ` (nearest: ${names.join(', ')})`;
}

function refuseManyRows(rows: number): void {
  if (rows < 1 || rows > MAX_ROWS)
    throw invalid(`The request has ${rows} rows; at least 1 and at most ${MAX_ROWS} are taken. Send it in parts.`);
}

/** The numbers of a tensor in row-major order, whether its data are flat or nested. */
function readData(tensor: RequestTensor): number[] {
  const { name, shape, data } = tensor;
  if (!Array.isArray(data)) throw invalid(`The input ${name} has no data: an array is needed, flat or nested like its shape.`);
  const size = shape.reduce((product, length) => product * length, 1);
  const flat = data.some(Array.isArray) ? flatten(data, shape, name) : data;
  if (flat.length !== size)
    throw invalid(`The input ${name} has ${flat.length} values, and its shape [${shape.join(', ')}] asks for ${size}.`);
  return flat.map((value) => readValue(value, tensor));
}

function flatten(data: readonly unknown[], [length, ...inner]: readonly number[], name: string): unknown[] {
  if (data.length !== length)
    throw invalid(`The nested data of ${name} do not follow its shape: a level has ${data.length} parts instead of ${length ?? 'none'}.`);
  if (inner.length === 0) {
    if (data.some(Array.isArray)) throw invalid(`The nested data of ${name} are deeper than its shape.`);
    return [...data];
  }
  return data.flatMap((part) => {
    if (!Array.isArray(part)) throw invalid(`The data of ${name} are nested in some places and not in others.`);
    return flatten(part, inner, name);
  });
}

/** Null stands for a value that is not known, in floating-point tensors: JSON has no NaN. */
function readValue(value: unknown, { name, datatype }: RequestTensor): number {
  if (FLOATS.includes(datatype)) {
    if (value === null) return NaN;
    if (typeof value === 'number') return value;
  } else if (datatype === 'BOOL') {
    if (typeof value === 'boolean') return Number(value);
  } else {
    const range = WHOLE[datatype];
    if (range === undefined)
      throw invalid(`The input ${name} has the datatype ${datatype}; features are numbers: BOOL, UINT8…64, INT8…64, FP16…64.`);
    if (Number.isInteger(value) && (value as number) >= range[0] && (value as number) <= range[1]) return value as number;
  }
  throw invalid(`The input ${name} has the value ${JSON.stringify(value)}, which is no ${datatype}.`);
}

export function invalid(message: string): DomainError {
  return new DomainError('invalid', message);
}
