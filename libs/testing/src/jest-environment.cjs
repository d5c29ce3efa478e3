// For tests that call native code which hands over typed arrays (onnxruntime, DuckDB): Jest gives each test file its own globals,
// and an array made outside would not be an instance of them. Use it in a file's first comment: @jest-environment @roofshot/testing/jest-environment
const { TestEnvironment } = require('jest-environment-node');

const SHARED = [
  Float32Array,
  Float64Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
];

module.exports = class extends TestEnvironment {
  /** @override */
  async setup() {
    await super.setup();
    for (const type of SHARED) this.global[type.name] = type;
  }
};
