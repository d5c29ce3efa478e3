// The project graph, read from what is there: every package that npm names gets the same `test` target, and its
// dependencies are its imports. Nx's own analysis of sources cannot be used, for it calls TypeScript's old compiler.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * What Nx passes in, as far as it is used here.
 * @typedef {{
 *   projects: Record<string, unknown>,
 *   fileMap: { projectFileMap: Record<string, { file: string }[]> },
 *   workspaceRoot: string,
 * }} GraphContext
 */

const IMPORT = /(?:from|import)\s*\(?\s*['"](@roofshot\/[a-z-]+)/g;

/** One `test` target per workspace package; what it runs is in nx.json under targetDefaults. */
export const createNodesV2 = [
  '{contracts,libs/*,services/*}/package.json',
  (/** @type {readonly string[]} */ files) => files.map((file) => [file, { projects: { [dirname(file)]: { targets: { test: {} } } } }]),
];

/**
 * An edge for each import of another package of this workspace, so that a change there makes these tests run again.
 * @param {unknown} _options
 * @param {GraphContext} context
 */
export function createDependencies(_options, { projects, fileMap, workspaceRoot }) {
  const files = Object.entries(fileMap.projectFileMap).flatMap(([source, owned]) => owned.map(({ file }) => ({ source, file })));
  return files
    .filter(({ file }) => /\.tsx?$/.test(file))
    .flatMap(({ source, file }) => importedPackages(join(workspaceRoot, file)).map((target) => ({ source, target, sourceFile: file })))
    .filter(({ source, target }) => target !== source && target in projects)
    .map((edge) => ({ ...edge, type: 'static' }));
}

/** @param {string} path @returns {string[]} */
function importedPackages(path) {
  // Git still lists a file that was deleted a moment ago.
  if (!existsSync(path)) return [];
  return [...new Set([...readFileSync(path, 'utf8').matchAll(IMPORT)].map(([, name = '']) => name))];
}

export const name = 'roofshot';
