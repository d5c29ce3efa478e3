/**
 * Whether the work of a model is the same for each question of as many rows: then one try-out of each number of rows tells how long
 * answers take and what memory they need. It is not where values decide how often something is done, how large something becomes, or
 * which part is computed at all. Values are followed from the inputs through every node; see docs/adr/0013.
 */
import { isEnsemble, runsInCircle } from './find-circle.ts';
import { isKnown, LOOPS, RANDOM, SHAPES, sizingInputs } from './operators.ts';
import { functionKey, isReference, type OnnxFunction, type OnnxGraph, type OnnxNode } from './read-graph.ts';
import { UnreadableModel } from './message-reader.ts';

/** Exporters write nodes in the order of computation: then two rounds do, and one more for each function within a function. */
const MAX_ROUNDS = 32;

/** One sentence for each node that cannot be bounded, in the order of the file. Throws `UnreadableModel`. */
export function findUnbounded(graph: OnnxGraph): string[] {
  const values = followValues(graph);
  return graph.nodes.flatMap((node) => faultOf(node, graph, values) ?? []);
}

type Tensors = ReadonlySet<string>;

/** All tensors whose values depend on what is asked, or are random. */
function followValues(graph: OnnxGraph): Tensors {
  const found = new Set(graph.inputs);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = found.size;
    for (const node of graph.nodes) followNode(node, functionsOf(graph, node), found);
    if (found.size === before) return found;
  }
  throw new UnreadableModel('its nodes are not in the order in which they are computed');
}

const functionsOf = ({ functions }: OnnxGraph, { domain, operator }: OnnxNode): readonly OnnxFunction[] =>
  functions.get(functionKey(domain, operator)) ?? [];

function followNode(node: OnnxNode, functions: readonly OnnxFunction[], found: Set<string>): void {
  for (const { inputs, outputs } of functions) {
    node.inputs.forEach((tensor, place) => carry(tensor, inputs[place], found));
    outputs.forEach((tensor, place) => carry(tensor, node.outputs[place], found));
  }
  const isOnlyFunction = functions.length > 0 && !isKnown(node.domain, node.operator);
  if (isOnlyFunction || isSame(node, found)) return;
  for (const tensor of node.outputs) if (tensor !== '') found.add(tensor);
}

function carry(from: string, to: string | undefined, found: Set<string>): void {
  if (to !== undefined && to !== '' && found.has(from)) found.add(to);
}

/** Its results are the same for each question of as many rows. What comes out of a branch is not followed: it counts as different. */
function isSame({ domain, operator, inputs }: OnnxNode, found: Tensors): boolean {
  if (domain !== '') return !inputs.some((tensor) => found.has(tensor));
  if (RANDOM.has(operator) || operator === 'If') return false;
  return SHAPES.has(operator) || !inputs.some((tensor) => found.has(tensor));
}

/** Undefined: nothing of it depends on values but values. */
function faultOf(node: OnnxNode, graph: OnnxGraph, values: Tensors): string | undefined {
  const { domain, operator } = node;
  if (!isKnown(domain, operator)) return functionsOf(graph, node).length > 0 ? undefined : unknownOperator(node);
  if (domain === '' && LOOPS.has(operator)) {
    return `${nameOf(node)} may turn for ever, depending on what is asked. Unroll it, or train a model that is exported without it.`;
  }
  if (operator === 'If' && (values.has(node.inputs[0] ?? '') || node.attributes.some(isReference))) {
    return `${nameOf(node)} takes the one or the other branch by the values of features, so that not both can be tried out. Compute both, and choose by Where.`;
  }
  if (domain === '' && sizingInputs(operator, node.inputs).some((tensor) => values.has(tensor))) {
    return `${nameOf(node)} makes its result as large as the values of features say. Let its size be constant, or follow from the number of rows.`;
  }
  if (isEnsemble(node) && runsInCircle(node)) {
    return `${nameOf(node)} has a tree that runs in a circle, so that some values never come to a leaf. Train and export it anew.`;
  }
  return undefined;
}

function unknownOperator(node: OnnxNode): string {
  const { domain } = node;
  const where = domain === '' ? 'ONNX has none of this name that is known here' : `it is of the domain ${tell(domain)}`;
  return `${nameOf(node)} may do anything: ${where}. Export the model with the operators of ai.onnx and ai.onnx.ml.`;
}

const nameOf = ({ operator, name }: OnnxNode): string => `The operator ${tell(operator)}${name === '' ? '' : ` (node ${tell(name)})`}`;

const LONGEST_NAME = 80;
/** Names were read a character for each byte. */
const tell = (name: string): string => Buffer.from(name.slice(0, LONGEST_NAME), 'latin1').toString('utf8');
