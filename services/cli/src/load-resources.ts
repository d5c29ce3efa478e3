/** Reads resources from YAML files. All faults of all files are found before anything is sent. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { SentResource } from '@roofshot/contracts/http/common';
import { allKinds } from '@roofshot/contracts/resources';
import { validatorOf } from '@roofshot/contracts/validate';
import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import { nearest } from './nearest.ts';

export interface FileFault {
  readonly file: string;
  /** 1-based; of the faulty value, or of the document. */
  readonly line: number;
  /** JSON pointer in the resource. */
  readonly path: string;
  readonly message: string;
}

export interface LoadedResource {
  readonly file: string;
  /** 1-based line of any JSON pointer in the resource. */
  readonly lineOf: (pointer: string) => number;
  readonly resource: SentResource;
}

export interface Loaded {
  readonly resources: readonly LoadedResource[];
  readonly faults: readonly FileFault[];
}

/** `paths`: YAML files, or folders whose `*.yaml` and `*.yml` files are read, in the order of their names. */
export function loadResources(paths: readonly string[]): Loaded {
  const files = paths.flatMap(yamlFiles);
  if (files.length === 0) {
    const message = 'There is no *.yaml file here. Name a file or a folder with -f.';
    return { resources: [], faults: [{ file: paths.join(', '), line: 0, path: '', message }] };
  }
  const loaded = files.map(loadFile);
  const resources = loaded.flatMap((file) => file.resources);
  return { resources, faults: [...loaded.flatMap((file) => file.faults), ...namedTwice(resources)] };
}

function yamlFiles(path: string): string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [path];
  if (!stat.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

function loadFile(path: string): Loaded {
  const file = relative('.', path) || path;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { resources: [], faults: [{ file, line: 0, path: '', message: `Cannot be read: ${(error as Error).message}.` }] };
  }
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines });
  const parts = (Array.isArray(documents) ? documents : []).filter((document) => document.contents !== null);
  const loaded = parts.map((document) => loadDocument(document as Document.Parsed, file, lines));
  return { resources: loaded.flatMap((part) => part.resources), faults: loaded.flatMap((part) => part.faults) };
}

function loadDocument(document: Document.Parsed, file: string, lines: LineCounter): Loaded {
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  if (document.errors.length > 0) {
    const faults = document.errors.map((error) => ({ file, line: lineAt(error.pos[0]), path: '', message: `Not YAML: ${error.message}` }));
    return { resources: [], faults };
  }
  const lineOf = (pointer: string): number => lineAt(offsetOf(document, pointer));
  const value: unknown = document.toJS();
  const faults = faultsOf(value).map((fault) => ({ file, line: lineOf(fault.path), ...fault }));
  if (faults.length > 0) return { resources: [], faults };
  const { resource, fault } = withCode(value as SentResource, dirname(resolve(file)));
  if (fault !== undefined)
    return { resources: [], faults: [{ file, line: lineOf('/spec/entryPoint'), path: '/spec/entryPoint', message: fault }] };
  return { resources: [{ file, lineOf, resource }], faults: [] };
}

/** The offset of the deepest part of the pointer that the document has. */
function offsetOf(document: Document.Parsed, pointer: string): number {
  const parts = pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  for (let depth = parts.length; depth > 0; depth -= 1) {
    const node = document.getIn(parts.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
    if (node?.range !== undefined) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function faultsOf(value: unknown): { path: string; message: string }[] {
  const envelope = validatorOf(SentResource).faults(value);
  if (envelope.length > 0) return envelope;
  const { kind, spec } = value as SentResource;
  const definition = allKinds.find((known) => known.name === kind);
  if (definition === undefined) {
    const names = allKinds.map((known) => known.name);
    return [{ path: '/kind', message: `There is no kind ${kind}. ${nearest(kind, names)}` }];
  }
  return validatorOf(definition.spec)
    .faults(spec)
    .map((fault) => ({ path: `/spec${fault.path}`, message: fault.message }));
}

/** A training job's entry point is a file on this machine: its text travels in `code`. */
function withCode(resource: SentResource, folder: string): { resource: SentResource; fault?: string } {
  if (resource.kind !== 'TrainingJob') return { resource };
  const spec = resource.spec as { entryPoint: string; code?: string };
  const path = join(folder, spec.entryPoint);
  try {
    return { resource: { ...resource, spec: { ...spec, code: readFileSync(path, 'utf8') } } };
  } catch (error) {
    return {
      resource,
      fault: `The trainer ${spec.entryPoint} cannot be read: ${(error as Error).message}. The path is relative to the YAML file.`,
    };
  }
}

function namedTwice(resources: readonly LoadedResource[]): FileFault[] {
  const first = new Map<string, LoadedResource>();
  return resources.flatMap((loaded) => {
    const key = `${loaded.resource.kind}/${loaded.resource.metadata.name}`;
    const before = first.get(key);
    if (before === undefined) {
      first.set(key, loaded);
      return [];
    }
    const message = `${key} is declared twice: first in ${before.file}, line ${before.lineOf('/metadata/name')}. Keep one.`;
    return [{ file: loaded.file, line: loaded.lineOf('/metadata/name'), path: '/metadata/name', message }];
  });
}
