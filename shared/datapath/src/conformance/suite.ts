import { destinationChecks } from './destination-checks.ts';
import type { DataPathCheck } from './rig.ts';
import { snapshotChecks } from './snapshot-checks.ts';

export type { DataPathCheck, EngineRig } from './rig.ts';

/** Every guarantee of the `DataPath` contract that can be seen from outside; an engine's tests run each with a rig of its own. */
export const dataPathChecks: readonly DataPathCheck[] = [...snapshotChecks, ...destinationChecks];
