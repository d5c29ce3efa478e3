/** Reads resources from YAML files. All faults of all files are found before anything is sent. */
import { readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { SentResource } from '@roofshot/contracts/http/common';
import { allKinds } from '@roofshot/contracts/resources';
import type { Fault } from '@roofshot/contracts/validate';
import { isCollection } from 'yaml';
import { suggest } from '@roofshot/runtime/nearest';
import { parseDocuments, type ReadDocument } from './parse-documents.ts';
import { offsetAt, valueAt } from './pointers.ts';
import { readText, reasonOf, TextFault } from './read-text.ts';
import { schemaFaults } from './schema-faults.ts';

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
  /** Documents with a kind and a name that cannot be sent, since they have faults. Their specs may have any shape. */
  readonly unusable: readonly LoadedResource[];
  /** `<kind>/<name>` of every document that says so much, the faulty ones too. */
  readonly declared: ReadonlySet<string>;
}

type Part = Omit<Loaded, 'declared'>;
const NOTHING: Part = { resources: [], faults: [], unusable: [] };

export function faultIn({ file, lineOf, resource }: LoadedResource, path: string, message: string): FileFault {
  return { file, line: lineOf(path), path, message: `${keyOf(resource)}: ${message}` };
}

const keyOf = ({ kind, metadata }: SentResource): string => `${kind}/${metadata.name}`;

/** `paths`: YAML files, or folders whose `*.yaml` and `*.yml` files are read, in the order of their names. */
export function loadResources(paths: readonly string[]): Loaded {
  const found = paths.map(filesOf);
  const files = found.flatMap((one) => one.files);
  const unread = found.flatMap((one) => one.faults);
  if (files.length === 0 && unread.length === 0) {
    const message = 'There is no *.yaml file here. Name a file or a folder with -f.';
    return { ...NOTHING, faults: [{ file: paths.join(', '), line: 0, path: '', message }], declared: new Set() };
  }
  const parts = files.flatMap(loadFile);
  const { resources, faults } = onlyFirst(parts.flatMap((part) => part.resources));
  const unusable = parts.flatMap((part) => part.unusable);
  const declared = new Set([...resources, ...unusable].map(({ resource }) => keyOf(resource)));
  return { resources, unusable, faults: [...unread, ...parts.flatMap((part) => part.faults), ...faults], declared };
}

function filesOf(path: string): { files: string[]; faults: FileFault[] } {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return { files: [path], faults: [] };
    const names = readdirSync(path).filter((name) => /\.ya?ml$/.test(name));
    return { files: names.sort().map((name) => join(path, name)), faults: [] };
  } catch (error) {
    return { files: [], faults: [{ file: path, line: 0, path: '', message: `Cannot be read: ${reasonOf(error)}` }] };
  }
}

function loadFile(path: string): Part[] {
  const file = relative('.', path) || path;
  const faulty = (line: number, message: string): Part[] => [{ ...NOTHING, faults: [{ file, line, path: '', message }] }];
  try {
    const documents = parseDocuments(readText(path));
    if (documents.length === 0) return faulty(0, 'It holds no resource. Declare one, or remove the file.');
    return documents.map((document) => loadDocument(document, file));
  } catch (error) {
    if (error instanceof TextFault) return faulty(error.line, `Cannot be read: ${error.message}`);
    throw error;
  }
}

function loadDocument({ contents, lineAt, value, faults: unread }: ReadDocument, file: string): Part {
  const lineOf = (pointer: string): number => lineAt(offsetAt(contents, pointer));
  if (unread.length > 0) return unreadable(unread, { file, lineOf, resource: { ...UNREAD, ...namesIn(contents) } });
  const [kind, name] = [valueAt(value, '/kind'), valueAt(value, '/metadata/name')];
  const isNamed = typeof kind === 'string' && typeof name === 'string';
  const found = faultsOf(value);
  const { resource, fault } = found.length > 0 ? {} : withCode(value as SentResource, dirname(resolve(file)));
  const faults = [...found, ...(fault === undefined ? [] : [fault])].map(({ path, message }) => ({
    file,
    line: lineOf(path),
    path,
    message: isNamed ? `${kind}/${name}: ${message}` : message,
  }));
  if (resource !== undefined) return { ...NOTHING, resources: [{ file, lineOf, resource }] };
  return { ...NOTHING, faults, unusable: isNamed ? [{ file, lineOf, resource: value as SentResource }] : [] };
}

const UNREAD = { apiVersion: 'roofshot/v1', kind: '', metadata: { name: '' }, spec: {} } as const;

/** Others may refer to a document that cannot be read: it is declared, where its kind and name can be told. */
function unreadable(faults: ReadDocument['faults'], loaded: LoadedResource): Part {
  const { file, resource } = loaded;
  const isNamed = resource.kind !== '' && resource.metadata.name !== '';
  const told = faults.map(({ line, message }) => ({ file, line, path: '', message: isNamed ? `${keyOf(resource)}: ${message}` : message }));
  return { ...NOTHING, faults: told, unusable: isNamed ? [loaded] : [] };
}

function namesIn(contents: ReadDocument['contents']): Pick<SentResource, 'kind' | 'metadata'> {
  const textAt = (...path: string[]): string => {
    const found = isCollection(contents) ? contents.getIn(path) : undefined;
    return typeof found === 'string' ? found : '';
  };
  return { kind: textAt('kind'), metadata: { name: textAt('metadata', 'name') } };
}

function faultsOf(value: unknown): Fault[] {
  const envelope = schemaFaults(SentResource, value);
  const kind = valueAt(value, '/kind');
  const definition = allKinds.find(({ name }) => name === kind);
  const names = allKinds.map(({ name }) => name);
  if (definition === undefined) {
    const unknown = typeof kind === 'string' ? [{ path: '/kind', message: `there is no kind ${kind}. ${suggest(kind, names)}` }] : [];
    return [...envelope, ...unknown];
  }
  const spec = valueAt(value, '/spec');
  const inSpec = spec === undefined ? [] : schemaFaults(definition.spec, spec);
  return [...envelope, ...inSpec.map(({ path, message }) => ({ path: `/spec${path}`, message }))];
}

/** A training job's entry point is a file on this machine: its text travels in `code`. */
function withCode(resource: SentResource, folder: string): { resource?: SentResource; fault?: Fault } {
  if (resource.kind !== 'TrainingJob') return { resource };
  const spec = resource.spec as { entryPoint: string; code?: string };
  const path = join(folder, spec.entryPoint);
  try {
    return { resource: { ...resource, spec: { ...spec, code: readText(path) } } };
  } catch (error) {
    if (!(error instanceof TextFault)) throw error;
    const where = error.line > 0 ? ` (line ${error.line})` : '';
    const message = `the trainer ${spec.entryPoint} cannot be read${where}: ${error.message} The path is relative to the YAML file.`;
    return { fault: { path: '/spec/entryPoint', message } };
  }
}

/** One declaration of each name; a fault for every further one. */
function onlyFirst(resources: readonly LoadedResource[]): { resources: LoadedResource[]; faults: FileFault[] } {
  const first = new Map<string, LoadedResource>();
  const faults: FileFault[] = [];
  for (const loaded of resources) {
    const before = first.get(keyOf(loaded.resource));
    if (before === undefined) first.set(keyOf(loaded.resource), loaded);
    else
      faults.push(
        faultIn(loaded, '/metadata/name', `is declared twice; first in ${before.file}:${before.lineOf('/metadata/name')}. Keep one.`),
      );
  }
  return { resources: [...first.values()], faults };
}
