/**
 * ONNX's own operators, by what decides how much they compute. Source: the operator schemas of onnx 1.23 (ai.onnx up to opset 27,
 * ai.onnx.ml up to 5). What is in none of these lists is not admitted: nobody has looked at it.
 */

/** Turn as often as they like. */
export const LOOPS: ReadonlySet<string> = new Set(['Loop', 'Scan', 'SequenceMap']);

/** Give the shape of what they are given. At a given number of rows that never differs, since no size depends on values. */
export const SHAPES: ReadonlySet<string> = new Set(['Shape', 'Size']);

/** Give other values each time. */
export const RANDOM: ReadonlySet<string> = new Set([
  ...['Bernoulli', 'Dropout', 'Multinomial', 'RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike'],
]);

const ANY = 'any';
const REDUCTIONS = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'Sum', 'SumSquare'].map((name) => `Reduce${name}`);

/** The inputs of which the values decide how large the result is, or into how many parts it falls. */
const SIZED_BY: Readonly<Record<string, readonly number[] | typeof ANY>> = {
  AffineGrid: [1],
  BlackmanWindow: ANY,
  CenterCropPad: [1],
  Col2Im: [1, 2],
  Compress: [1],
  ConstantOfShape: ANY,
  DFT: [1, 2],
  Expand: [1],
  HammingWindow: ANY,
  HannWindow: ANY,
  MaxUnpool: [2],
  MelWeightMatrix: ANY,
  NonMaxSuppression: ANY,
  NonZero: ANY,
  OneHot: [1],
  Pad: [1, 3],
  Range: ANY,
  Reshape: [1],
  Resize: [1, 2, 3],
  SequenceAt: [1],
  SequenceErase: [1],
  SequenceInsert: [2],
  Slice: [1, 2, 3, 4],
  Split: [1],
  SplitToSequence: [1],
  Squeeze: [1],
  STFT: [1, 3],
  StringConcat: ANY,
  StringSplit: ANY,
  Tile: [1, 2],
  TopK: [1],
  Unique: ANY,
  Unsqueeze: [1],
  Upsample: [1],
  ...Object.fromEntries(REDUCTIONS.map((name) => [name, [1]])),
};

export function sizingInputs(operator: string, inputs: readonly string[]): readonly string[] {
  const places = SIZED_BY[operator];
  if (places === undefined) return [];
  return places === ANY ? inputs : places.flatMap((place) => inputs[place] ?? []);
}

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Compute as much as the shapes of their inputs and their attributes say. */
const SIZED_BY_SHAPES = words(`
  Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh Attention AveragePool BatchNormalization BitCast BitShift BitwiseAnd
  BitwiseNot BitwiseOr BitwiseXor Cast CastLike CausalConvWithState Ceil Celu Clip Concat ConcatFromSequence Constant Conv ConvInteger
  ConvTranspose Cos Cosh CumProd CumSum DeformConv DepthToSpace DequantizeLinear Det Div DynamicQuantizeLinear Einsum Elu Equal Erf Exp
  EyeLike Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual
  GridSample GroupNormalization HardSigmoid HardSwish Hardmax Identity If InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization
  LeakyRelu Less LessOrEqual LinearAttention Log LogSoftmax LpNormalization LpPool MatMul MatMulInteger Max MaxPool MaxRoiPool Mean
  MeanVarianceNormalization Min Mish Mod Mul Neg NegativeLogLikelihoodLoss Not Optional OptionalGetElement OptionalHasElement Or PRelu
  Pow QLinearConv QLinearMatMul QuantizeLinear RMSNormalization RNN Reciprocal Relu ReverseSequence RoiAlign RotaryEmbedding Round
  Scatter ScatterElements ScatterND Selu SequenceConstruct SequenceEmpty SequenceLength Shrink Sigmoid Sign Sin Sinh Softmax
  SoftmaxCrossEntropyLoss Softplus Softsign SpaceToDepth Sqrt Sub Sum SwiGLU Swish Tan Tanh TensorScatter TfIdfVectorizer
  ThresholdedRelu Transpose Trilu Where Xor
`);

const OF_TABLES = words(`
  ArrayFeatureExtractor Binarizer CastMap CategoryMapper DictVectorizer FeatureVectorizer Imputer LabelEncoder LinearClassifier
  LinearRegressor Normalizer OneHotEncoder SVMClassifier SVMRegressor Scaler TreeEnsemble TreeEnsembleClassifier TreeEnsembleRegressor
  ZipMap
`);

/** By domain. */
const KNOWN: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['', new Set([...SIZED_BY_SHAPES, ...Object.keys(SIZED_BY), ...LOOPS, ...SHAPES, ...RANDOM])],
  ['ai.onnx.ml', new Set(OF_TABLES)],
]);

export const isKnown = (domain: string, operator: string): boolean => KNOWN.get(domain)?.has(operator) ?? false;
