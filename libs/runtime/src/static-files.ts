import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** Builds put a hash of the content into the names below it, so they never change. */
const UNCHANGING = /^\/assets\//;

export interface StaticFiles {
  /** True when there is such a file and it was sent. */
  answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean>;
}

/** Serves the files of one folder and nothing outside of it. Throws when there is no such folder. */
export async function openStaticFiles(folder: string): Promise<StaticFiles> {
  const root = await realpath(folder).catch((cause: unknown) => {
    throw new Error(`There is no folder ${folder} with the console's files. Build the console, or start without it.`, { cause });
  });
  return { answer: (request, response, path) => answerFile(root, request, response, path) };
}

async function answerFile(root: string, request: IncomingMessage, response: ServerResponse, path: string): Promise<boolean> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const file = await findFile(root, path);
  if (file === undefined) return false;
  response.writeHead(200, {
    'content-type': MEDIA_TYPES[extname(file.path)] ?? 'application/octet-stream',
    'content-length': file.bytes,
    'cache-control': UNCHANGING.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(createReadStream(file.path), response);
  return true;
}

/** A regular file whose real path, links followed, lies below the root. */
async function findFile(root: string, path: string): Promise<{ path: string; bytes: number } | undefined> {
  const name = decoded(path === '/' ? '/index.html' : path);
  if (name === undefined || name.includes('\0')) return undefined;
  const real = await realpath(join(root, name)).catch(() => undefined); // no such file
  if (real === undefined || !real.startsWith(root + sep)) return undefined;
  const { size, isFile } = await stat(real).then((stats) => ({ size: stats.size, isFile: stats.isFile() }));
  return isFile ? { path: real, bytes: size } : undefined;
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // not an encoded path, so no file of ours
  }
}
