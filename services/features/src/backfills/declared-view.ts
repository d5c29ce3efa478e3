/** A view as readers are told of it: with what answers while it is being computed. */
import type { FeatureViewSpec } from '@roofshot/contracts/resources/feature-kinds';
import type { Declared } from '@roofshot/feature-defs/definitions';
import type { DataOf } from '@roofshot/contracts/define';
import type { FeatureViewChanged } from '@roofshot/contracts/features';
import type { Backfill, State } from './backfill-store.ts';

type DeclaredView = Declared<FeatureViewSpec>;

/** `backfill`: that of the view, perhaps of another generation. */
export function withLive(view: DeclaredView, backfill: Backfill | undefined): DeclaredView {
  if (backfill?.generation !== view.generation) return view;
  const { revision, state, from, fromSpec } = backfill;
  if (state === 'switched') return { ...view, revision };
  return { ...view, revision, live: { generation: from, spec: fromSpec, backfill: state === 'compared' ? 'running' : state } };
}

/** As `feature-view.changed` says it. */
export function viewChanged({ name, generation, deleted, spec, revision, live }: DeclaredView): DataOf<typeof FeatureViewChanged> {
  return {
    name,
    generation,
    deleted,
    spec,
    ...(revision !== undefined && { revision }),
    ...(live !== undefined && { live: { generation: live.generation, spec: live.spec, backfill: live.backfill as State } }),
  };
}
