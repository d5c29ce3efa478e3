/** The feature definitions in force, as their owner says them: so that a changed definition means a new snapshot. */
import { Injectable } from '@nestjs/common';
import { Definitions } from '@roofshot/feature-defs/definitions';

@Injectable()
export class FeatureDefinitions {
  readonly known = new Definitions();

  /** The service's spec with those of its views; undefined when nobody has declared it (yet). */
  of(featureService: string): unknown {
    const spec = this.known.serviceSpecs().get(featureService);
    return spec && [spec, (spec.views ?? []).map(({ view }) => this.known.lastView(view)?.spec ?? null)];
  }
}
