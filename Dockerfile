# syntax=docker/dockerfile:1

# Production dependencies alone. The optional ones are a PostgreSQL and a Node for machines without: a container has both.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

# The console's pages, built with tools that a container does not need.
FROM node:24-slim AS pages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY console ./console
COPY src ./src
RUN npm run build

FROM node:24-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="waybill" \
      org.opencontainers.image.description="An order backend: durable XState sagas on Postgres, woken by BullMQ" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# In a container nothing but its own network reaches it: what is published where is said outside.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
# Owned by root and read by `node`: the program cannot change itself, and it writes no file (the root may be read-only).
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json ./
COPY bin ./bin
COPY sql ./sql
COPY src ./src
COPY --from=pages /app/console/dist ./console/dist
USER node
EXPOSE 3000
# Liveness; whether it can serve is /readyz, which compose asks.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Node itself, not npm: signals reach the program, and its exit code is the container's.
ENTRYPOINT ["node", "bin/waybill.js"]
CMD ["start"]
