import { createServer } from 'node:net';

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : undefined);
      });
    });
  });
}

/** True when nothing listens on this loopback port now. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) === port;
}

/** Ports handed out by this process: the kernel may offer one again before its owner listens on it. */
const handedOut = new Set<number>();

/** A loopback port that nothing listens on, chosen by the kernel; never the same one twice in this process. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = await listenOnce(0);
    if (port === undefined) throw new Error("failed to find port '0': the machine has no free loopback port left");
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    return port;
  }
}
