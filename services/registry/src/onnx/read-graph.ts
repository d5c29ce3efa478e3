/**
 * What a model computes, as a list of nodes: of its graph, of all subgraphs in them, and of its own functions. Weights are passed over.
 * Source of the field numbers: onnx/onnx.proto (IR version 13). A field that comes twice is taken as protobuf has it: lists and messages
 * together, of texts the last.
 */
import { MessageReader, UnreadableModel } from './message-reader.ts';

/** Far more than a model of a table has. */
const MAX_NODES = 100_000;
/** Subgraphs within subgraphs. */
const MAX_DEPTH = 16;

export interface OnnxNode {
  /** Empty for ONNX's own operators (ai.onnx). */
  readonly domain: string;
  readonly operator: string;
  readonly name: string;
  /** Tensors in order, empty where an optional one is left out. Those of a function begin with its name. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Read each by `again`. */
  readonly attributes: readonly MessageReader[];
}

export interface OnnxFunction {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  /** What is asked: the inputs of the graph that have no value in the file. */
  readonly inputs: readonly string[];
  /** By `functionKey`; several where one name is overloaded. */
  readonly functions: ReadonlyMap<string, readonly OnnxFunction[]>;
}

export const functionKey = (domain: string, name: string): string => `${domain}:${name}`;

/** Throws `UnreadableModel`. */
export function readGraph(bytes: Buffer): OnnxGraph {
  if (bytes.toString('latin1', 4, 8) === 'ORTM') throw new UnreadableModel('it is in the format of one runtime; export it as ONNX');
  return new GraphReading().readModel(new MessageReader(bytes));
}

interface Place {
  /** Empty in the model's graph; in a function its name and a separator. Subgraphs share the names of what is around them. */
  readonly scope: string;
  readonly depth: number;
}

class GraphReading {
  readonly #nodes: OnnxNode[] = [];
  readonly #inputs: string[] = [];
  readonly #initializers = new Set<string>();
  readonly #functions = new Map<string, OnnxFunction[]>();

  readModel(model: MessageReader): OnnxGraph {
    while (model.next()) {
      if (!model.isBytes) continue;
      if (model.field === 7) this.#readGraph(model.message(), { scope: '', depth: 0 });
      if (model.field === 25) this.#readFunction(model.message());
    }
    if (this.#nodes.length === 0) throw new UnreadableModel('no node is in it');
    const asked = this.#inputs.filter((name) => !this.#initializers.has(name));
    return { nodes: this.#nodes, inputs: asked.length > 0 ? asked : this.#inputs, functions: this.#functions };
  }

  #readGraph(graph: MessageReader, place: Place): void {
    if (place.depth > MAX_DEPTH) throw new UnreadableModel(`its subgraphs lie deeper than ${MAX_DEPTH} levels`);
    const isOuter = place.scope === '' && place.depth === 0;
    while (graph.next()) {
      if (!graph.isBytes) continue;
      if (graph.field === 1) this.#readNode(graph.message(), place);
      if (isOuter && graph.field === 5) this.#initializers.add(lastText(graph.message(), 8));
      if (isOuter && graph.field === 11) this.#inputs.push(lastText(graph.message(), 1));
    }
  }

  #readFunction(message: MessageReader): void {
    const [name, domain] = [lastText(message.again(), 1), domainOf(lastText(message.again(), 10))];
    const key = functionKey(domain, name);
    const scope = `${key}/`;
    const [inputs, outputs]: [string[], string[]] = [[], []];
    while (message.next()) {
      if (!message.isBytes) continue;
      if (message.field === 4) inputs.push(tensorOf(scope, message.text()));
      if (message.field === 5) outputs.push(tensorOf(scope, message.text()));
      if (message.field === 7) this.#readNode(message.message(), { scope, depth: 0 });
      if (message.field === 11) this.#readSubgraphs(message.message(), { scope, depth: 0 });
    }
    this.#functions.set(key, [...(this.#functions.get(key) ?? []), { inputs, outputs }]);
  }

  #readNode(message: MessageReader, place: Place): void {
    if (this.#nodes.length >= MAX_NODES) throw new UnreadableModel(`it has more than ${MAX_NODES} nodes`);
    const [inputs, outputs, attributes]: [string[], string[], MessageReader[]] = [[], [], []];
    while (message.next()) {
      if (!message.isBytes) continue;
      if (message.field === 1) inputs.push(tensorOf(place.scope, message.text()));
      if (message.field === 2) outputs.push(tensorOf(place.scope, message.text()));
      if (message.field === 5) attributes.push(message.message());
    }
    const [name, operator] = [lastText(message.again(), 3), lastText(message.again(), 4)];
    const domain = domainOf(lastText(message.again(), 7));
    this.#nodes.push({ domain, operator, name, inputs, outputs, attributes });
    for (const attribute of attributes) this.#readSubgraphs(attribute.again(), place);
  }

  #readSubgraphs(attribute: MessageReader, { scope, depth }: Place): void {
    while (attribute.next()) {
      const isGraph = attribute.isBytes && (attribute.field === 6 || attribute.field === 11);
      if (isGraph) this.#readGraph(attribute.message(), { scope, depth: depth + 1 });
    }
  }
}

/** An attribute that stands for one of the function's caller. */
export function isReference(attribute: MessageReader): boolean {
  return lastText(attribute.again(), 21) !== '';
}

/** A text of a message; empty where it has none. */
export function lastText(message: MessageReader, field: number): string {
  let text = '';
  while (message.next()) if (message.isBytes && message.field === field) text = message.text();
  return text;
}

const domainOf = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);
const tensorOf = (scope: string, name: string): string => (name === '' ? '' : scope + name);
