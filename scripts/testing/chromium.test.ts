import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium, haveChromium } from './chromium.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chromium '));
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, '#!/bin/sh\n', { mode });
  return path;
}

it('takes the browser that is named before any other', () => {
  const named = program('my-browser');
  program('chromium');
  expect(findChromium({ PATH: folder, CHROMIUM_PATH: named })).toBe(named);
});

it('finds one in the PATH, under its usual names', () => {
  const chrome = program('google-chrome');
  expect(findChromium({ PATH: folder })).toBe(chrome);
  const chromium = program('chromium');
  expect(findChromium({ PATH: folder })).toBe(chromium);
});

it('says so when the named one cannot be run, and takes no other in its place', () => {
  const named = join(folder, 'absent');
  expect(haveChromium({ PATH: folder, CHROMIUM_PATH: named })).toEqual({
    reason: `CHROMIUM_PATH names ${named}, which cannot be run`,
  });
});
