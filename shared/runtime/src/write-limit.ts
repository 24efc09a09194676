/**
 * Writes to the API server that one controller has in flight at once. A write takes about 20 ms, because etcd syncs it to disk: 64 are
 * 3,200 a second, more than one API server takes, and each one more costs a TLS connection. The server's own limit for all clients is 200
 * (--max-mutating-requests-inflight).
 */
export const WRITES_IN_FLIGHT = 64;
