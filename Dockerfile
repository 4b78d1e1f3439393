# The service in a container: PostgreSQL and AWS are elsewhere (docker-compose.yml shows how).
FROM node:24-bookworm-slim AS generate
WORKDIR /app
COPY package.json package-lock.json prisma.config.ts ./
COPY prisma ./prisma
RUN npm ci --no-audit --no-fund

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json ./
# Prisma's client was generated above, and the embedded PostgreSQL is of no use here: no install script has to run.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund
COPY prisma ./prisma
COPY src ./src
COPY --from=generate /app/src/registry/generated ./src/registry/generated
RUN ln -s /app/src/cli/billvault.ts /usr/local/bin/billvault && chmod +x src/cli/billvault.ts
USER node
EXPOSE 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
  CMD node -e "fetch('http://127.0.0.1:8080/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
# Signals must reach the service itself, so node is the container's first process.
CMD ["node", "--max-semi-space-size=8", "src/main.ts"]
