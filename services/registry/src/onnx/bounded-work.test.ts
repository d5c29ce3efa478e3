import { graph, input, message, model, node, output, type Field } from '../../test/onnx-writer.ts';
import { findUnbounded } from './bounded-work.ts';
import { UnreadableModel } from './message-reader.ts';
import { readGraph } from './read-graph.ts';

const faultsOf = (bytes: Buffer): string[] => findUnbounded(readGraph(bytes));
/** `features` [n, k] in, one tensor `out` out. */
const whole = (nodes: readonly Buffer[], ...others: readonly Field[]): Buffer =>
  model(graph(nodes, input('features'), output('out'), ...others));
const initializer = (name: string): Field => [5, message([8, name])];
const attributeWith = (subgraph: Buffer): Buffer => message([1, 'body'], [6, subgraph]);
const relu = node('Relu', { inputs: ['features'], outputs: ['out'] });
const loop = node('Loop', { inputs: ['turns', 'go'], outputs: ['looped'] });

describe('the work of a model is bounded', () => {
  test('where sizes are constant or follow from the number of rows', () => {
    const nodes = [
      node('Shape', { inputs: ['features'], outputs: ['dims'] }),
      node('Gather', { inputs: ['dims', 'first'], outputs: ['rows'] }),
      node('Expand', { inputs: ['features', 'rows'], outputs: ['wide'] }),
      node('Reshape', { inputs: ['wide', 'flat'], outputs: ['out'] }),
    ];
    expect(faultsOf(whole(nodes, initializer('first'), initializer('flat')))).toEqual([]);
  });

  test('where values go into values only', () => {
    const nodes = [
      node('Gather', { inputs: ['table', 'features'], outputs: ['found'] }),
      node('Slice', { inputs: ['found', 'from', '', 'axes'], outputs: ['out'] }),
      node('LinearClassifier', { inputs: ['features'], outputs: ['label', 'scores'], domain: 'ai.onnx.ml' }),
    ];
    expect(faultsOf(whole(nodes))).toEqual([]);
  });

  test('in a function of the model’s own, as far as it is given sizes that are', () => {
    const expand = node('Expand', { inputs: ['x', 'size'], outputs: ['y'] });
    const ours = message([1, 'Widen'], [4, 'x'], [4, 'size'], [5, 'y'], [7, expand], [10, 'ours']);
    const call = (size: string): Buffer => node('Widen', { inputs: ['features', size], outputs: ['out'], domain: 'ours' });
    const withFunction = (size: string): Buffer => Buffer.concat([whole([call(size)], initializer('size')), message([25, ours])]);
    expect(faultsOf(withFunction('size'))).toEqual([]);
    expect(faultsOf(withFunction('features'))).toEqual([expect.stringContaining('The operator Expand makes its result as large as')]);
  });
});

describe('the work of a model is not bounded', () => {
  test.each(['Loop', 'Scan', 'SequenceMap'])('by %s', (operator) => {
    expect(faultsOf(whole([relu, node(operator)]))).toEqual([expect.stringContaining(`The operator ${operator} may turn for ever`)]);
    expect(faultsOf(whole([relu, node(operator, { domain: 'ai.onnx' })]))).toHaveLength(1);
  });

  test('by a loop in a branch of a branch, or in a function that is never called', () => {
    const inner = node('If', { inputs: ['is_so'], outputs: ['o'], attributes: [attributeWith(graph([loop]))] });
    const outer = node('If', { inputs: ['is_so'], outputs: ['out'], attributes: [attributeWith(graph([inner]))] });
    expect(faultsOf(whole([outer]))).toEqual([expect.stringContaining('Loop')]);
    const ours = message([1, 'Spin'], [7, loop], [10, 'ours']);
    expect(faultsOf(Buffer.concat([whole([relu]), message([25, ours])]))).toEqual([expect.stringContaining('Loop')]);
  });

  test('by a size that comes from values through any number of nodes, whatever their order in the file', () => {
    const chain = Array.from({ length: 20 }, (_, i) => node('Cast', { inputs: [`v${i}`], outputs: [`v${i + 1}`] }));
    const first = node('ReduceMax', { inputs: ['features'], outputs: ['v0'] });
    const last = node('Range', { inputs: ['from', 'v20', 'step'], outputs: ['out'] });
    for (const nodes of [
      [first, ...chain, last],
      [last, first, ...chain],
    ])
      expect(faultsOf(whole(nodes))).toEqual([expect.stringContaining('Range')]);
  });

  test('by a size out of a branch, or at random', () => {
    for (const source of [
      node('If', { inputs: ['is_so'], outputs: ['size'], attributes: [attributeWith(graph([]))] }),
      node('RandomUniform', { outputs: ['size'] }),
    ])
      expect(faultsOf(whole([source, node('Tile', { inputs: ['features', 'size'], outputs: ['out'] })]))).toHaveLength(1);
  });

  test('by operators that nobody has looked at', () => {
    const named = (domain: string, operator: string): string[] => faultsOf(whole([node(operator, { domain })]));
    expect(named('com.microsoft', 'BeamSearch')).toEqual([expect.stringContaining('com.microsoft')]);
    for (const domain of ['constructor', '__proto__', 'ours']) expect(named(domain, 'has')).toHaveLength(1);
    for (const operator of ['constructor', 'Relu2', '']) expect(named('', operator)).toHaveLength(1);
  });

  test('hidden in what a file says twice: protobuf puts lists together, and takes the last of two texts', () => {
    expect(faultsOf(model(graph([relu], input('features')), graph([loop])))).toEqual([expect.stringContaining('Loop')]);
    const renamed = Buffer.concat([relu, message([4, 'Loop'])]);
    expect(faultsOf(whole([renamed]))).toEqual([expect.stringContaining('Loop')]);
  });

  test('hidden behind a name that only looks like that of a weight', () => {
    const alike = [Buffer.from([0xff]), Buffer.from([0xfe])] as const;
    const expand = message([1, 'weight'], [1, alike[0]], [2, 'out'], [4, 'Expand']);
    const bytes = model(graph([expand], [11, message([1, alike[0]])], [5, message([8, alike[1]])]));
    expect(faultsOf(bytes)).toHaveLength(1);
  });

  test('names are told shortened', () => {
    const [fault] = faultsOf(whole([node('x'.repeat(100_000))]));
    expect(fault?.length).toBeLessThan(400);
  });
});

describe('trees', () => {
  const ints = (name: string, values: readonly number[], isPacked: boolean): Buffer =>
    message([1, name], ...(isPacked ? [[8, Buffer.from(values)] satisfies Field] : values.map((value): Field => [8, value])));
  const modes = (...values: readonly string[]): Buffer => message([1, 'nodes_modes'], ...values.map((value): Field => [9, value]));
  const ensemble = (operator: string, attributes: readonly Buffer[]): Buffer =>
    whole([node(operator, { inputs: ['features'], outputs: ['out'], domain: 'ai.onnx.ml', attributes })]);

  test.each([true, false])('that share a branch are fine, and those that run in a circle are found (packed lists: %s)', (isPacked) => {
    const forest = (back: number): Buffer =>
      ensemble('TreeEnsembleRegressor', [
        ints('nodes_treeids', [7, 7, 7, 7], isPacked),
        ints('nodes_nodeids', [0, 1, 2, 3], isPacked),
        modes('BRANCH_EQ', 'BRANCH_EQ', 'BRANCH_EQ', 'LEAF'),
        ints('nodes_falsenodeids', [1, 2, 3, 0], isPacked),
        ints('nodes_truenodeids', [3, 3, back, 0], isPacked),
      ]);
    expect(faultsOf(forest(3))).toEqual([]);
    expect(faultsOf(forest(0))).toEqual([expect.stringContaining('TreeEnsembleRegressor has a tree that runs in a circle')]);
  });

  test('of the newer kind are looked at, too', () => {
    const forest = (back: number, isLeaf: number): Buffer =>
      ensemble('TreeEnsemble', [
        ints('nodes_truenodeids', [1, back], true),
        ints('nodes_trueleafs', [0, isLeaf], true),
        ints('nodes_falsenodeids', [0, 1], true),
        ints('nodes_falseleafs', [1, 1], true),
      ]);
    expect(faultsOf(forest(0, 1))).toEqual([]);
    expect(faultsOf(forest(0, 0))).toHaveLength(1);
  });

  test('whose lists come twice, or from the caller of a function, cannot be read', () => {
    const list = ints('nodes_treeids', [1], true);
    expect(() => faultsOf(ensemble('TreeEnsembleRegressor', [list, list]))).toThrow(UnreadableModel);
    expect(() => faultsOf(ensemble('TreeEnsembleRegressor', [message([1, 'nodes_treeids'], [21, 'given'])]))).toThrow(UnreadableModel);
  });
});

describe('a file that is no model', () => {
  const good = whole([relu]);

  test.each([
    ['is empty', Buffer.alloc(0)],
    ['has no nodes', model(graph([], input('features')))],
    ['ends in the middle', good.subarray(0, -3)],
    ['has a number without end', Buffer.from([0x08, ...Array<number>(11).fill(0x80)])],
    ['has a length beyond its end', Buffer.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
    ['has a length below zero', Buffer.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])],
    ['has a group', Buffer.concat([Buffer.from([0x0b, 0x0c]), good])],
    ['has a field zero', Buffer.concat([Buffer.from([0x00, 0x00]), good])],
    ['is in a runtime’s own format', Buffer.concat([Buffer.from([0x12, 6, 0, 0]), Buffer.from('ORTM'), good])],
  ])('%s', (_, bytes) => {
    expect(() => faultsOf(bytes)).toThrow(UnreadableModel);
  });

  test('nests without end', () => {
    let inner = graph([loop]);
    for (let depth = 0; depth < 40; depth += 1) inner = graph([node('If', { attributes: [attributeWith(inner)] })]);
    expect(() => faultsOf(model(inner))).toThrow(/deeper than 16/);
  });

  test('wherever it is cut, it is read or refused', () => {
    const endOf = (length: number): unknown => {
      try {
        return faultsOf(good.subarray(0, length));
      } catch (error) {
        return error;
      }
    };
    const ends = Array.from({ length: good.length }, (_, length) => endOf(length));
    expect(ends.filter((end) => !Array.isArray(end) && !(end instanceof UnreadableModel))).toEqual([]);
  });
});
