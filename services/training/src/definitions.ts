/** The feature definitions in force, as their owner says them: so that a changed definition means a new snapshot. */
import { Injectable } from '@nestjs/common';
import type { FeatureServiceSpec } from '@roofshot/contracts/resources/feature-kinds';
import { Definitions } from '@roofshot/feature-defs/definitions';

@Injectable()
export class FeatureDefinitions {
  readonly known = new Definitions();

  /** The specs that answer: the service's with those of its views; undefined when nobody has declared it (yet). */
  of(featureService: string): unknown {
    const declared = this.known.serviceSpecs().get(featureService);
    const spec = declared && (this.#formerSpec(featureService) ?? declared);
    return spec && [spec, (spec.views ?? []).map(({ view }) => this.#viewSpec(view))];
  }

  /** While a view that its newest generation needs is still being computed. */
  #formerSpec(featureService: string): FeatureServiceSpec | undefined {
    const live = this.known.lastService(featureService)?.live;
    return live !== undefined && this.known.answers(featureService, live.generation) ? live.spec : undefined;
  }

  #viewSpec(name: string): unknown {
    const view = this.known.lastView(name);
    return view?.live?.spec ?? view?.spec ?? null;
  }
}
