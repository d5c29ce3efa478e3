/**
 * Admits versions one after the other, outside of any message's transaction: opening a file takes seconds. What waits is in the
 * table, under a lease; so a killed process's work is taken up by the next.
 */
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Model, type ModelSpec } from '@roofshot/contracts/resources/model';
import { modelVersions } from '@roofshot/contracts/models';
import { Resources } from '@roofshot/runtime/resources';
import { PLATFORM } from '@roofshot/runtime/service';
import { Signal } from '@roofshot/runtime/signal';
import { failureLevel } from '@roofshot/storage/failure-level';
import { runWith } from '@roofshot/telemetry/context';
import { checkVersion, type AdmissionLimits } from './admit-version.ts';
import { currentAliases } from './alias-store.ts';
import { shorten } from './checks.ts';
import { metrics } from './metrics.ts';
import { promote } from './move-alias.ts';
import type { RegistryPlatform } from './platform.ts';
import { Changes } from './changes.ts';
import { leaseForAdmission, settleAdmission, type Check, type Leased, type Version } from './version-store.ts';

/** Looked for at least so often, should a wake-up be lost. */
const LOOK_EVERY_MS = 5_000;
/** Longer than any admission; what a killed process had begun is taken up after it. */
const LEASE_MARGIN_SECONDS = 30;
/** A version that cannot be checked so often is refused: whatever is wrong does not pass by itself, and others wait for their turn. */
const MAX_ATTEMPTS = 5;

@Injectable()
export class Admission implements OnModuleInit, OnApplicationShutdown {
  readonly #platform: RegistryPlatform;
  readonly #resources: Resources;
  readonly #changes: Changes;
  readonly #work = new Signal();
  readonly #stop = new AbortController();
  #isWoken = false;
  #running: Promise<void> = Promise.resolve();

  constructor(@Inject(PLATFORM) platform: RegistryPlatform, resources: Resources, changes: Changes) {
    this.#platform = platform;
    this.#resources = resources;
    this.#changes = changes;
  }

  onModuleInit(): void {
    this.#running = runWith({ service: this.#platform.name }, () => this.#run());
  }

  async onApplicationShutdown(): Promise<void> {
    this.#stop.abort();
    this.#work.changed();
    await this.#running;
  }

  /** A version has been registered. */
  wake(): void {
    this.#isWoken = true;
    this.#work.changed();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#isWoken = false; // before the look, so that what comes during it is seen by the next
      const isBusy = await this.#admitOne().catch((error: unknown) => {
        this.#platform.log[failureLevel(error)]('A version could not be admitted; it is tried again.', { error });
        return false;
      });
      if (!isBusy) await this.#work.waitUntil(() => this.#isWoken || signal.aborted, { timeoutMs: LOOK_EVERY_MS, signal });
    }
  }

  /** False when nothing waits. */
  async #admitOne(): Promise<boolean> {
    const { sql, config } = this.#platform;
    const leased = await leaseForAdmission(sql, config.admissionMaxSeconds + LEASE_MARGIN_SECONDS);
    if (leased === undefined) return false;
    const { version } = leased;
    const model = await this.#resources.find(Model, version.model);
    await this.#settle(version, await this.#check(leased, model?.spec), model?.spec.firstVersionAlias);
    return true;
  }

  /** Throws while it may be tried again. */
  async #check({ version, attempt }: Leased, spec: ModelSpec | undefined): Promise<readonly Check[]> {
    if (attempt > MAX_ATTEMPTS) return [this.#giveUp(version, 'the registry ended each time, before it had an answer')];
    const { config, objects } = this.#platform;
    const began = performance.now();
    try {
      return await checkVersion(version, spec?.gates, limitsOf(spec?.admission, config), objects);
    } catch (error) {
      if (attempt < MAX_ATTEMPTS) throw error;
      return [this.#giveUp(version, error)];
    } finally {
      metrics['admission.ms'](performance.now() - began);
    }
  }

  #giveUp({ model, version }: Version, reason: unknown): Check {
    const because = reason instanceof Error ? reason.message : String(reason);
    const fields = { 'labels.model': model, 'labels.version': version, 'event.reason': because };
    this.#platform.log.error('A version could not be checked and is refused.', {
      ...fields,
      ...(reason instanceof Error && { error: reason }),
    });
    return givenUp(because);
  }

  async #settle(version: Version, checks: readonly Check[], firstAlias: string | undefined): Promise<void> {
    const state = checks.every((check) => check.passed) ? 'approved' : 'refused';
    await this.#platform.transactions.run(async (tx) => {
      if (!(await settleAdmission(tx, version, state, checks))) return;
      const { model, version: number, artifact, signature } = version;
      if (state === 'refused') {
        tx.publish(modelVersions, [
          { type: 'model-version.refused', subject: model, data: { model, version: number, checks: [...checks] } },
        ]);
        return;
      }
      tx.publish(modelVersions, [
        { type: 'model-version.approved', subject: model, data: { model, version: number, artifact, signature, checks: [...checks] } },
      ]);
      if (firstAlias === undefined || (await currentAliases(tx, model)).length > 0) return;
      const reason = 'the first approved version of the model';
      await promote(tx, { model, version: number, alias: firstAlias, expected: null, reason, requestedBy: 'registry' });
    });
    metrics['versions.admitted'](1, { outcome: state });
    this.#changes.signal.changed();
  }
}

function givenUp(reason: string): Check {
  const detail = `It could not be checked in ${MAX_ATTEMPTS} attempts, the last time because: ${reason}. Mend that, and train it anew.`;
  return { name: 'attempts', passed: false, detail: shorten(detail) };
}

function limitsOf(own: ModelSpec['admission'], config: RegistryPlatform['config']): AdmissionLimits {
  return {
    maxBytes: own?.maxBytes ?? config.admissionMaxMb * 1024 * 1024,
    maxMemoryMb: own?.maxMemoryMb ?? config.admissionMaxMemoryMb,
    maxSeconds: own?.maxSeconds ?? config.admissionMaxSeconds,
    maxLoadMs: config.admissionMaxLoad,
    maxRunMs: config.admissionMaxRun,
  };
}
