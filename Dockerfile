# The image of one service: docker build --build-arg SERVICE=validating-webhook .
# SERVICE is one of those in shared/images/src/services.ts; `npm run images` builds them all.
ARG NODE_IMAGE=node:24-slim

# What `npm ci` depends on, so that its layer stays while only sources change.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /src
COPY . .
RUN mkdir /manifests \
  && cp --parents package.json package-lock.json .npmrc shared/*/package.json services/*/package.json /manifests

FROM ${NODE_IMAGE} AS bundle
WORKDIR /src
COPY --from=manifests /manifests ./
RUN --mount=type=cache,target=/npm-cache npm ci --cache /npm-cache --omit=dev --ignore-scripts --no-audit --no-fund
COPY . .
ARG SERVICE
# Time of all files, in seconds since 1970: the same sources give the same image.
ARG SOURCE_DATE_EPOCH=0
RUN node shared/images/src/bundle-main.ts "${SERVICE}" /out/app \
  && find /out -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

# Node, the libraries that it is linked to and librt, which LZ4's native module names, and one user: no shell, no package manager.
FROM ${NODE_IMAGE} AS rootfs
ARG SOURCE_DATE_EPOCH=0
RUN mkdir -p /rootfs/usr/local/bin /rootfs/etc/ssl/certs /rootfs/app \
  && cp /usr/local/bin/node /rootfs/usr/local/bin/node \
  && ldd /usr/local/bin/node | grep -o '/[^ ]*' | xargs -I{} cp --dereference --parents {} /rootfs \
  && cp --dereference --parents /lib/*-linux-gnu/librt.so.1 /rootfs \
  && echo 'nonroot:x:65532:65532:nonroot:/app:/sbin/nologin' >/rootfs/etc/passwd \
  && echo 'nonroot:x:65532:' >/rootfs/etc/group \
  && echo 'hosts: files dns' >/rootfs/etc/nsswitch.conf \
  && find /rootfs -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

# What all images have in common; a changed service is one new layer on it.
FROM scratch AS runtime
COPY --from=rootfs /rootfs/ /
# V8's memory as `npm start` sets it (shared/testing/src/embedded/services.ts).
ENV PATH=/usr/local/bin NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "--min-semi-space-size=4", "--max-semi-space-size=4", "--max-old-space-size=512", "/app/main.js"]

FROM runtime
ARG SERVICE
ARG VERSION=0.0.0
ARG REVISION=
LABEL org.opencontainers.image.title="mooring-${SERVICE}" \
  org.opencontainers.image.description="Mooring: Longhorn's backup model for any Kubernetes cluster" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}"
COPY --from=bundle /out/ /
