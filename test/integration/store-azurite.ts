import { createHmac } from 'node:crypto';
import type { AzuriteServer } from '@mooring/testing';

const VERSION = '2024-11-04';

/** Makes an empty container: one request with a Shared Key signature, for the store itself never makes containers. */
export async function createContainer(server: AzuriteServer, name: string): Promise<void> {
  const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': VERSION };
  const canonicalHeaders = Object.entries(headers).map(([header, value]) => `${header}:${value}`);
  const url = `${server.endpoint}/${name}`;
  const resource = `/${server.accountName}${new URL(url).pathname}\nrestype:container`;
  // Eleven standard headers, all absent.
  const text = ['PUT', ...Array.from({ length: 11 }, () => ''), ...canonicalHeaders, resource].join('\n');
  const signature = createHmac('sha256', Buffer.from(server.accountKey, 'base64')).update(text).digest('base64');
  const answer = await fetch(`${url}?restype=container`, {
    method: 'PUT',
    headers: { ...headers, authorization: `SharedKey ${server.accountName}:${signature}` },
  });
  if (!answer.ok) throw new Error(`failed to create container '${name}': status ${String(answer.status)}`);
  await answer.arrayBuffer();
}
