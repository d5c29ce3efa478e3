// Runs TypeScript sources directly: `node --import ./register.mjs main.ts`.
// Node's own type stripping cannot do decorators with metadata, which Nest's injection needs; hence swc.
import { readFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';

// ONNX Runtime reports what it runs to its maker unless this is set before it is loaded. It is set here because every process of ours
// begins here, and those that it starts inherit it; whoever wants the reports sets it to 0.
process.env['ORT_DISABLE_TELEMETRY'] ??= '1';

/** @type {import('@swc/core').Options} */
const OPTIONS = {
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
  sourceMaps: 'inline',
  swcrc: false,
  configFile: false,
};

if (nodeModule.registerHooks === undefined) {
  process.stderr.write(
    `Roofshot's sources run on Node 24, and this is ${process.version}. The project brings its own: begin the command with \`npx node\`, or use an npm script.\n`,
  );
  process.exit(10);
}

// Stack traces in the log name the lines of the sources, not of what swc made of them.
nodeModule.setSourceMapsSupport(true, { nodeModules: false, generatedCode: false });

nodeModule.registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
    const filename = fileURLToPath(url);
    const { code } = transformSync(readFileSync(filename, 'utf8'), { ...OPTIONS, filename });
    return { format: 'module', shortCircuit: true, source: code };
  },
});
