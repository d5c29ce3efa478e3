/**
 * Whether the trees of an ensemble come to an end. A branch that leads back to where it came from is opened by the runtime without a
 * word, and asked for a value that follows it never answers. Source: the operators TreeEnsembleClassifier, TreeEnsembleRegressor and
 * TreeEnsemble of ai.onnx.ml.
 */
import { UnreadableModel, type MessageReader } from './message-reader.ts';
import { isReference, lastText, type OnnxNode } from './read-graph.ts';

export const isEnsemble = ({ operator }: OnnxNode): boolean => operator.startsWith('TreeEnsemble');

/** Throws `UnreadableModel` where its lists contradict each other. */
export function runsInCircle(node: OnnxNode): boolean {
  const lists = readLists(node);
  return hasCircle(node.operator === 'TreeEnsemble' ? edgesByPlace(lists) : edgesByName(lists));
}

type Lists = ReadonlyMap<string, readonly number[]>;

const USED = ['nodes_treeids', 'nodes_nodeids', 'nodes_truenodeids', 'nodes_falsenodeids', 'nodes_trueleafs', 'nodes_falseleafs'];
const MODES = 'nodes_modes';

/** Modes become 1 for a leaf and 0 for a branch. */
function readLists({ attributes }: OnnxNode): Lists {
  const lists = new Map<string, number[]>();
  for (const attribute of attributes) {
    const name = lastText(attribute.again(), 1);
    if (!USED.includes(name) && name !== MODES) continue;
    if (isReference(attribute) || lists.has(name)) throw new UnreadableModel(`its trees have no list ${name} of their own, or two`);
    lists.set(name, name === MODES ? leavesOf(attribute.again()) : numbersOf(attribute.again(), name));
  }
  return lists;
}

function numbersOf(attribute: MessageReader, name: string): number[] {
  const list: number[] = [];
  while (attribute.next()) {
    if (attribute.field !== 8) continue;
    for (const number of attribute.numbers()) {
      if (!Number.isSafeInteger(number)) throw new UnreadableModel(`its trees have the number ${number} in ${name}`);
      list.push(number);
    }
  }
  return list;
}

function leavesOf(attribute: MessageReader): number[] {
  const list: number[] = [];
  while (attribute.next()) if (attribute.isBytes && attribute.field === 9) list.push(attribute.text() === 'LEAF' ? 1 : 0);
  return list;
}

/** For each node the nodes that follow it; -1: none. */
interface Edges {
  readonly whenTrue: readonly number[];
  readonly whenFalse: readonly number[];
}

/** Nodes are named by tree and number. A name that is not there leads nowhere: the runtime refuses it. */
function edgesByName(lists: Lists): Edges {
  const of = (name: string): readonly number[] => lists.get(name) ?? [];
  const trees = of('nodes_treeids');
  const places = new Map<number, Map<number, number>>();
  of('nodes_nodeids').forEach((id, place) => {
    const tree = trees[place] ?? -1;
    const known = places.get(tree) ?? new Map<number, number>();
    if (known.has(id)) throw new UnreadableModel(`its tree ${tree} has two nodes ${id}`);
    places.set(tree, known.set(id, place));
  });
  const follow = (ids: readonly number[]): number[] =>
    trees.map((tree, place) => (of(MODES)[place] === 1 ? -1 : (places.get(tree)?.get(ids[place] ?? -1) ?? -1)));
  return { whenTrue: follow(of('nodes_truenodeids')), whenFalse: follow(of('nodes_falsenodeids')) };
}

/** Nodes are named by their place; where a branch ends in a leaf, the number is a leaf's. */
function edgesByPlace(lists: Lists): Edges {
  const of = (name: string): readonly number[] => lists.get(name) ?? [];
  const follow = (ids: readonly number[], leaves: readonly number[]): number[] => ids.map((id, place) => (leaves[place] === 1 ? -1 : id));
  return {
    whenTrue: follow(of('nodes_truenodeids'), of('nodes_trueleafs')),
    whenFalse: follow(of('nodes_falsenodeids'), of('nodes_falseleafs')),
  };
}

const NEW = 0;
const OPEN = 1;
const DONE = 2;

function hasCircle(edges: Edges): boolean {
  const states = new Uint8Array(Math.max(edges.whenTrue.length, edges.whenFalse.length));
  return states.some((state, root) => state === NEW && comesBack(edges, states, root));
}

/** Depth first, without recursion: trees may be as deep as they like. */
function comesBack({ whenTrue, whenFalse }: Edges, states: Uint8Array, root: number): boolean {
  const path = [root];
  for (let place = path.at(-1); place !== undefined; place = path.at(-1)) {
    if (states[place] !== NEW) {
      states[place] = DONE;
      path.pop();
      continue;
    }
    states[place] = OPEN;
    const next = [whenTrue[place] ?? -1, whenFalse[place] ?? -1];
    if (next.some((node) => states[node] === OPEN)) return true;
    path.push(...next.filter((node) => states[node] === NEW));
  }
  return false;
}
