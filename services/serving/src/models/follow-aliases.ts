/** The registry's alias is the truth about what should answer: serving follows it. */
import type { DataOf } from '@roofshot/contracts/define';
import type { ModelAliasRemoved, ModelVersionApproved, ModelVersionPromoted, ModelVersionRefused } from '@roofshot/contracts/models';
import type { ModelCatalogue } from './model-catalogue.ts';
import type { Switchboard } from './switchboard.ts';

export class FollowAliases {
  readonly #catalogue: ModelCatalogue;
  readonly #switchboard: Switchboard;

  constructor(catalogue: ModelCatalogue, switchboard: Switchboard) {
    this.#catalogue = catalogue;
    this.#switchboard = switchboard;
  }

  approved(data: DataOf<typeof ModelVersionApproved>): void {
    this.#catalogue.addVersion(data);
  }

  refused({ model, version }: DataOf<typeof ModelVersionRefused>): void {
    this.#catalogue.dropVersion(model, version);
  }

  /** By promotion or roll-back: serving acts the same. */
  moved(data: DataOf<typeof ModelVersionPromoted>): void {
    this.#catalogue.moveAlias(data);
    this.#switchboard.aliasMoved(data);
  }

  removed(data: DataOf<typeof ModelAliasRemoved>): void {
    this.#catalogue.removeAlias(data);
    this.#switchboard.aliasMoved(data);
  }
}
