import { Injectable } from '@nestjs/common';
import { Signal } from '@roofshot/runtime/signal';

/** Wakes the requests that are held until a version is admitted or an alias moved. Fed by the registry's own topic, so by every process. */
@Injectable()
export class Changes {
  readonly signal = new Signal();
}
