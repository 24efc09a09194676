import { text } from 'node:stream/consumers';
import { STAND_DOWN } from './guard.ts';
import { stopCluster } from './stop-cluster.ts';

/** The program behind `guardCluster`: waits until its input ends. */
if ((await text(process.stdin)) !== STAND_DOWN) await stopCluster(() => undefined);
