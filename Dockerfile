# syntax=docker/dockerfile:1

# spanstore's server. Spans are kept in /var/lib/spanstore unless a backend is named:
#
#   docker build --tag spanstore .
#   docker run --publish 127.0.0.1:17271:17271 --volume spans:/var/lib/spanstore spanstore
#   docker run --publish 127.0.0.1:17271:17271 spanstore --backend=manticore --manticore.url=mysql://manticore:9306
#
# Options are the server's, as flags or as variables (SPANSTORE_BACKEND); so are its commands: docker exec NAME spanstore doctor.

FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS build
ENV CI=true
WORKDIR /spanstore
# What is downloaded stays as long as the lockfile does.
COPY package.json pnpm-lock.yaml pnpm-workspace.yaml ./
RUN npx --yes pnpm@12.23.0 --config.pm-on-fail=ignore fetch
COPY . .
# The server, with what it needs at run time at the versions of the lockfile; then without what is not read at run
# time: SQLite's sources and its binaries for other systems, types, source maps. It is the same for every processor.
RUN npx --yes pnpm@12.23.0 --config.pm-on-fail=ignore --filter "@spanstore/cli..." install --frozen-lockfile --offline \
 && npx --yes pnpm@12.23.0 --config.pm-on-fail=ignore --filter "@spanstore/cli..." run build \
 && npx --yes pnpm@12.23.0 --config.pm-on-fail=ignore --config.inject-workspace-packages=true \
      --filter @spanstore/cli --prod deploy /server \
 && find /server -depth -regex ".*/better-sqlite3/\(deps\|src\|prebuilds/\(darwin\|win32\|linuxmusl\)-.*\)" -exec rm -r "{}" ";" \
 && find /server -type f "(" -name "*.map" -o -name "*.d.ts" -o -name "*.d.mts" -o -name "*.d.cts" ")" -delete

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="spanstore" \
      org.opencontainers.image.description="Keeps trace spans for Jaeger: gRPC remote storage on SQLite, Manticore Search or Elasticsearch" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production \
    SPANSTORE_LISTEN=0.0.0.0:17271 \
    SPANSTORE_ADMIN=0.0.0.0:17272 \
    SPANSTORE_HTTP_LISTEN=0.0.0.0:17286 \
    SPANSTORE_SQLITE_PATH=/var/lib/spanstore/spanstore.sqlite
COPY --from=build /server /opt/spanstore
RUN ln -s /opt/spanstore/dist/main.js /usr/local/bin/spanstore && ln -s spanstore /usr/local/bin/grpc-server \
 && install --directory --owner=node --group=node --mode=0750 /var/lib/spanstore
# node, as a number: Kubernetes sees that it is not root.
USER 1000:1000
WORKDIR /var/lib/spanstore
VOLUME /var/lib/spanstore
EXPOSE 17271 17272 17286
HEALTHCHECK --start-period=60s --interval=10s --timeout=6s CMD ["spanstore", "health"]
ENTRYPOINT ["spanstore"]
