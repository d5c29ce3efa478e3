/** Scoring by model and version, as the Open Inference Protocol asks for it. Nothing of it is logged as a prediction: it has no unit. */
import { suggestNames } from '@roofshot/feature-defs/nearest';
import { DomainError } from '@roofshot/runtime/errors';
import type { LoadedVersion, LoadedVersions } from '../models/loaded-versions.ts';
import type { KnownVersion, ModelCatalogue } from '../models/model-catalogue.ts';
import { invalid, readMatrix, type InferRequest } from './tensors.ts';

/** Answers for a model when the URL names no version. */
const DEFAULT_ALIAS = 'champion';

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

export interface InferAnswer {
  readonly model_name: string;
  readonly model_version: string;
  readonly id?: string;
  readonly outputs: readonly (TensorMetadata & { readonly data: readonly number[] })[];
}

export class Infer {
  readonly #catalogue: ModelCatalogue;
  readonly #versions: LoadedVersions;
  readonly #kept: number;
  /** Least recently used first. */
  readonly #recent: LoadedVersion[] = [];

  /** `kept`: versions that stay loaded because they were asked for. */
  constructor(catalogue: ModelCatalogue, versions: LoadedVersions, kept: number) {
    this.#catalogue = catalogue;
    this.#versions = versions;
    this.#kept = kept;
  }

  /** Throws `not-found` with the nearest names. Without a version: the champion. */
  find(model: string, version?: string): KnownVersion {
    const versions = this.#catalogue.versions(model);
    if (versions.length === 0)
      throw new DomainError('not-found', `There is no model ${model}${suggestNames(model, this.#catalogue.models())}.`);
    const known =
      version === undefined ? this.#catalogue.alias(model, DEFAULT_ALIAS)?.version : this.#catalogue.version(model, Number(version));
    if (known) return known;
    const what = version === undefined ? `no version is its ${DEFAULT_ALIAS}` : `there is no version ${version}`;
    throw new DomainError('not-found', `Of the model ${model} ${what}. Ask for one of: ${versions.join(', ')}.`);
  }

  async metadata(known: KnownVersion): Promise<ModelMetadata> {
    return this.#use(known, ({ session, model }) =>
      Promise.resolve({
        name: model,
        versions: this.#catalogue.versions(model).map(String),
        platform: 'onnxruntime_onnx',
        inputs: [{ name: session.inputName, datatype: 'FP32', shape: [-1, session.width] }],
        outputs: [{ name: session.outputName, datatype: 'FP32', shape: [-1, session.classes] }],
      }),
    );
  }

  /** False when the version is known but its file cannot be loaded. */
  async isReady(known: KnownVersion): Promise<boolean> {
    try {
      return await this.#use(known, () => Promise.resolve(true));
    } catch (error) {
      if (error instanceof DomainError && error.code === 'unavailable') return false;
      throw error;
    }
  }

  async infer(known: KnownVersion, request: InferRequest): Promise<InferAnswer> {
    return this.#use(known, async (loaded) => {
      const { session, model, version, signature } = loaded;
      const { rows, values } = readMatrix(request.inputs, {
        inputName: session.inputName,
        columns: signature.inputs.map(({ name }) => name),
      });
      const unknown = request.outputs?.find(({ name }) => name !== session.outputName);
      if (unknown !== undefined) throw invalid(`The model ${model} has no output ${unknown.name}; it has ${session.outputName}.`);
      const data = await loaded.run(values, rows);
      return {
        model_name: model,
        model_version: String(version),
        ...(request.id !== undefined && { id: request.id }),
        outputs: [{ name: session.outputName, shape: [rows, session.classes], datatype: 'FP32', data: [...data] }],
      };
    });
  }

  async close(): Promise<void> {
    for (const loaded of this.#recent.splice(0)) await this.#versions.release(loaded);
  }

  async #use<T>(known: KnownVersion, work: (loaded: LoadedVersion) => Promise<T>): Promise<T> {
    const loaded = await this.#acquire(known);
    try {
      await this.#keep(known, loaded);
      return await work(loaded);
    } finally {
      await this.#versions.release(loaded);
    }
  }

  async #acquire(known: KnownVersion): Promise<LoadedVersion> {
    try {
      return await this.#versions.acquire(known);
    } catch (error) {
      throw new DomainError('unavailable', `${(error as Error).message}. Register it anew, or ask for another version.`);
    }
  }

  /** Holds it beyond this request; lets the one go that was not asked for the longest. */
  async #keep(known: KnownVersion, loaded: LoadedVersion): Promise<void> {
    const at = this.#recent.indexOf(loaded);
    if (at >= 0) this.#recent.splice(at, 1);
    else await this.#versions.acquire(known);
    this.#recent.push(loaded);
    if (this.#recent.length <= this.#kept) return;
    const oldest = this.#recent.shift();
    if (oldest !== undefined) await this.#versions.release(oldest);
  }
}
