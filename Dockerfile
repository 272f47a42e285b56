# One image for both roles: the API is its command, a worker runs `node src/workers/main.ts` instead.
# Only the web UI is built: Node runs the TypeScript as it is.

FROM node:24.21.0-bookworm-slim AS ui
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm install --include=dev --ignore-scripts --no-save --no-audit --no-fund
COPY src src/
RUN node node_modules/vite/bin/vite.js build --config src/ui/vite.config.ts

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# The development dependencies go from the list, not only out of the way: an optional peer would bring the compiler back.
# Not `npm ci`: it refuses a lockfile that lacks the optional packages of other platforms; `npm install` installs the
# same locked versions. Without scripts: no production dependency needs one.
RUN npm pkg delete devDependencies \
  && npm install --omit=dev --ignore-scripts --no-save --no-audit --no-fund

FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production \
    SLUICE_DATA_DIR=/data \
    SLUICE_LOG_FORMAT=json
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules/
COPY package.json LICENSE ./
COPY src src/
COPY --from=ui /app/dist dist/
# A new volume takes the owner of the folder that it covers.
RUN install --directory --owner=node --group=node /data
VOLUME /data
USER node
EXPOSE 3000
# Of the API; a worker listens nowhere. Alive, not ready: an API that waits for Redis is not mended by a restart.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/livez').then(answer => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/api/main.ts"]
