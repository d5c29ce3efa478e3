/** Writes messages of the protobuf wire format, for files that no exporter would make. */

/** A field: its number, and a text, a message's bytes, or a whole number. */
export type Field = readonly [number: number, value: string | Uint8Array | number];

export function message(...fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.map(([number, value]) => fieldOf(number, value)));
}

function fieldOf(number: number, value: Field[1]): Buffer {
  if (typeof value === 'number') return Buffer.from([...varint(number * 8), ...varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([...varint(number * 8 + 2), ...varint(bytes.length)]), bytes]);
}

export function varint(value: number): number[] {
  const low = value % 128;
  return value < 128 ? [low] : [low + 128, ...varint(Math.floor(value / 128))];
}

interface Node {
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  readonly domain?: string;
  readonly attributes?: readonly Uint8Array[];
}

/** Field numbers as in onnx.proto (NodeProto, GraphProto, ModelProto). */
export function node(operator: string, { inputs = [], outputs = [], domain, attributes = [] }: Node = {}): Buffer {
  return message(
    ...inputs.map((name): Field => [1, name]),
    ...outputs.map((name): Field => [2, name]),
    [4, operator],
    ...attributes.map((attribute): Field => [5, attribute]),
    ...(domain === undefined ? [] : [[7, domain] satisfies Field]),
  );
}

export const graph = (nodes: readonly Uint8Array[], ...others: readonly Field[]): Buffer =>
  message(...nodes.map((bytes): Field => [1, bytes]), ...others);

export const model = (...graphs: readonly Uint8Array[]): Buffer =>
  message([1, 8], ...graphs.map((bytes): Field => [7, bytes]), [8, message([1, ''], [2, 17])]);

/** The graph's only input: a matrix of floats. */
export const input = (name: string): Field => [
  11,
  message([1, name], [2, message([1, message([1, 1], [2, message([1, message([2, 'n'])], [1, message([1, 2])])])])]),
];
export const output = (name: string): Field => [12, message([1, name], [2, message([1, message([1, 1])])])];
