import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDependencies } from './plugin.mjs';

describe('the project graph', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'graph-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const edgesOf = (source: string) => {
    writeFileSync(join(folder, 'a.ts'), source);
    const projects = { '@roofshot/a': {}, '@roofshot/b': {}, '@roofshot/c-d': {} };
    const fileMap = { projectFileMap: { '@roofshot/a': [{ file: 'a.ts' }, { file: 'deleted-a-moment-ago.ts' }] } };
    return createDependencies({}, { projects, fileMap, workspaceRoot: folder }).map(({ source: from, target }) => `${from} -> ${target}`);
  };

  it('has an edge for every way to import another package', () => {
    const source = `import type { B } from '@roofshot/b/x';\nconst c = await import('@roofshot/c-d/y');\nexport { e } from "@roofshot/b/e";`;
    expect(edgesOf(source)).toEqual(['@roofshot/a -> @roofshot/b', '@roofshot/a -> @roofshot/c-d']);
  });

  it('has none for a package itself, for others than ours, and for text', () => {
    expect(edgesOf(`import '@roofshot/a/own';\nimport pg from 'pg';\nimport '@roofshot/unknown';\nconst b = '@roofshot/b';`)).toEqual([]);
  });
});
