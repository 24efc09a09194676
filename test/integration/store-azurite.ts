import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import type { AzuriteServer } from '@mooring/testing';

/** Makes an empty container. */
export async function createContainer(server: AzuriteServer, name: string): Promise<void> {
  const credential = new StorageSharedKeyCredential(server.accountName, server.accountKey);
  await new BlobServiceClient(server.endpoint, credential).createContainer(name);
}
