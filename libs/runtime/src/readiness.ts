import { Injectable } from '@nestjs/common';

type Check = () => boolean | string | Promise<boolean | string>;

/** A check that does not answer by then is awaited no longer: the answer to `/readyz` must come before its asker gives up. */
const CHECK_TIMEOUT_MS = 1_000;

/**
 * What has to be so before a service takes traffic: `/readyz` lists what it still waits for. Beside that it lists troubles, which are in
 * the way of some of its work and not of its taking traffic.
 */
@Injectable()
export class Readiness {
  readonly #checks = new Map<string, Check>();
  readonly #mentions: (() => readonly string[])[] = [];
  #stage: string | undefined = 'the start to end';

  /**
   * The service is ready only while `check` answers true. A text instead says more exactly what is awaited; a throw counts as
   * not ready, with its message.
   */
  waitFor(what: string, check: Check): void {
    this.#checks.set(what, check);
  }

  /** `look` answers what troubles the service at that moment, a sentence each, with the remedy. */
  mention(look: () => readonly string[]): void {
    this.#mentions.push(look);
  }

  troubles(): string[] {
    return [...new Set(this.#mentions.flatMap((look) => look()))];
  }

  /** Said by the runtime alone: undefined while the service runs. */
  enterStage(stage: string | undefined): void {
    this.#stage = stage;
  }

  /** What is awaited, a sentence each; empty when ready. */
  async waitsFor(): Promise<string[]> {
    if (this.#stage !== undefined) return [this.#stage];
    const answers = await Promise.all([...this.#checks].map(([what, check]) => answerOf(what, check)));
    return answers.filter((answer) => answer !== undefined);
  }
}

async function answerOf(what: string, check: Check): Promise<string | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(() => resolve(`no answer within ${CHECK_TIMEOUT_MS} ms`), CHECK_TIMEOUT_MS);
  try {
    const answer = await Promise.race([check(), late]);
    if (answer === true) return undefined;
    return answer === false ? what : `${what}: ${answer}`;
  } catch (error) {
    return `${what}: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    clearTimeout(timer);
  }
}
