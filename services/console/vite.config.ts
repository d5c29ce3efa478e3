import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** `npx vite services/console` while the platform runs: the page is rebuilt on each change and the live feed comes from its door. */
const PLATFORM = 'http://127.0.0.1:4100';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  cacheDir: fileURLToPath(new URL('../../.cache/vite', import.meta.url)),
  oxc: { jsx: { runtime: 'automatic' } },
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', reportCompressedSize: false },
  server: { proxy: { '/live': PLATFORM, '/status': PLATFORM, '/v1': PLATFORM } },
});
