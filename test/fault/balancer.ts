import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** One replica behind the balancer. */
export interface Backend {
  readonly port: number;
  readonly healthPort: number;
}

/** A TCP balancer that sends new connections to ready replicas, in turn, as a Service does; open ones stay where they are. */
export interface Balancer {
  readonly port: number;
  /** Whether new connections may go to the replica on that port. */
  readonly isReady: (port: number) => boolean;
  /** New connections that met no ready replica, or one that refused. */
  readonly failures: () => number;
  stop(): Promise<void>;
}

/** How often readiness is asked for: a Service learns of it within about a second. */
const PROBE_MS = 100;

/** Starts a balancer over replicas that may come and go. */
export async function startBalancer(backends: readonly Backend[]): Promise<Balancer> {
  const ready = new Set<Backend>();
  const open = new Set<Socket>();
  let turn = 0;
  let failures = 0;
  let isStopped = false;

  const watch = async (backend: Backend): Promise<void> => {
    while (!isStopped) {
      const url = `http://127.0.0.1:${String(backend.healthPort)}/readyz`;
      const answer = await fetch(url).catch(() => undefined);
      await answer?.arrayBuffer().catch(() => undefined);
      if (answer?.ok === true) ready.add(backend);
      else ready.delete(backend);
      await delay(PROBE_MS);
    }
  };
  const server = createServer((client) => {
    const choices = [...ready];
    const backend = choices[turn++ % Math.max(1, choices.length)];
    if (backend === undefined) {
      failures++;
      client.destroy();
      return;
    }
    const upstream = connect(backend.port, '127.0.0.1');
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => {
        open.delete(socket);
        other.destroySoon();
      });
      socket.on('error', () => {
        if (socket === upstream && upstream.connecting) failures++;
        other.destroy();
      });
    }
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const watches = backends.map(watch);
  return {
    port: (server.address() as AddressInfo).port,
    isReady: (port) => [...ready].some((backend) => backend.port === port),
    failures: () => failures,
    async stop() {
      isStopped = true;
      for (const socket of open) socket.destroy();
      await Promise.all([new Promise((resolve) => server.close(resolve)), ...watches]);
    },
  };
}
