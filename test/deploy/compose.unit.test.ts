import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config.ts';

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly restart?: string;
  readonly read_only?: boolean;
  readonly tmpfs?: readonly string[];
  readonly deploy?: { readonly replicas?: number };
}

const text = readFileSync(fileURLToPath(new URL('../../docker-compose.yml', import.meta.url)), 'utf8');
const file = parse(text, { merge: true }) as { services: Record<string, Service>; volumes: Record<string, unknown> };
const dockerfile = readFileSync(fileURLToPath(new URL('../../Dockerfile', import.meta.url)), 'utf8');

/** The services that run our own image, by name. */
const ours = Object.entries(file.services).filter(([, service]) => service.build !== undefined);
const roles = ours.filter(([name]) => name !== 'migrate');

/** `${NAME:-default}` → default, `$$` → `$`, as compose does it without any variable set. */
const interpolated = (value: string): string =>
  value.replaceAll(/\$\{\w+:?-([^}]*)\}/g, '$1').replaceAll('$$', () => '$');
const environmentOf = (service: Service): Record<string, string> =>
  Object.fromEntries(Object.entries(service.environment ?? {}).map(([name, value]) => [name, interpolated(value)]));

describe('docker-compose.yml', () => {
  it('is a valid Compose file', () => {
    const ajv = new Ajv({ strict: false, formats: { duration: true, subnet_ip_address: true } });
    const isValid = ajv.compile(composeSchema());
    isValid(file);
    expect(isValid.errors).toBeNull();
    // The schema knows a wrong file from a right one.
    expect(isValid({ services: { a: { image: 1 } } })).toBe(false);
  });

  it('publishes each role on the port of the original demo, on this machine alone', () => {
    const published = Object.entries(file.services).flatMap(([name, { ports }]) => (ports ? [[name, ports]] : []));
    expect(Object.fromEntries(published)).toEqual({
      edge: ['127.0.0.1:3000:3000'],
      inventory: ['127.0.0.1:3001:3001'],
      payments: ['127.0.0.1:3002:3002'],
      orders: ['127.0.0.1:3003:3003'],
      lgtm: ['127.0.0.1:3005:3000'],
    });
  });

  it('gives every process an environment that it accepts, and that says which role it is', () => {
    const read = ours.map(([name, service]) => [name, readConfig(environmentOf(service))] as const);
    expect(read.map(([name, { roles: ofProcess, port, host }]) => [name, ofProcess, port, host])).toEqual([
      ['migrate', readConfig({}).roles, 3000, '0.0.0.0'],
      ['edge', ['edge', 'console'], 3000, '0.0.0.0'],
      ['inventory', ['inventory'], 3001, '0.0.0.0'],
      ['payments', ['payments'], 3002, '0.0.0.0'],
      ['orders', ['orders'], 3003, '0.0.0.0'],
      ['worker', ['worker'], 3000, '0.0.0.0'],
      ['relay', ['relay'], 3000, '0.0.0.0'],
    ]);
    for (const [, config] of read) {
      expect(config).toMatchObject({
        databaseUrl: 'postgres://waybill:waybill@postgres:5432/waybill',
        redisUrl: 'redis://redis:6379',
      });
    }
  });

  it('the processes that run sagas call payments over HTTP; orders and inventory only when told to', () => {
    const participants = (name: string, set: Record<string, string> = {}) => {
      const raw = file.services[name]?.environment ?? {};
      const filled = Object.fromEntries(
        Object.entries(raw).map(([key, value]) => [
          key,
          interpolated(value.replaceAll(/\$\{(\w+):-[^}]*\}/g, (whole, variable: string) => set[variable] ?? whole)),
        ]),
      );
      const { paymentsUrl, ordersUrl, inventoryUrl } = readConfig(filled);
      return { paymentsUrl, ordersUrl, inventoryUrl };
    };
    for (const name of ['edge', 'worker']) {
      expect(participants(name)).toEqual({ paymentsUrl: 'http://payments:3002', ordersUrl: null, inventoryUrl: null });
      const remote = { ORDERS_URL: 'http://orders:3003', INVENTORY_URL: 'http://inventory:3001' };
      expect(participants(name, remote)).toEqual({
        paymentsUrl: 'http://payments:3002',
        ordersUrl: 'http://orders:3003',
        inventoryUrl: 'http://inventory:3001',
      });
    }
  });

  it('the fake gateway fails now and then', () => {
    expect(environmentOf(file.services['payments']!)).toMatchObject({ MOCK_FAILURE_RATE: '0.05' });
  });

  it('a port that is called or published is the one that its process listens on', () => {
    for (const [, service] of ours) {
      const { PORT } = environmentOf(service);
      for (const port of service.ports ?? []) expect(port.split(':').at(-1)).toBe(PORT);
    }
    expect(environmentOf(file.services['worker']!)['PAYMENTS_URL']).toBe(
      `http://payments:${environmentOf(file.services['payments']!)['PORT']}`,
    );
  });

  it('migrates once, before every role, which also waits for Postgres and Redis', () => {
    expect(file.services['migrate']).toMatchObject({ command: ['migrate'], restart: 'on-failure' });
    for (const [, service] of roles) {
      expect(service.depends_on).toEqual({
        postgres: { condition: 'service_healthy' },
        redis: { condition: 'service_healthy' },
        migrate: { condition: 'service_completed_successfully' },
      });
    }
  });

  it('everything that keeps running is health-checked and restarted', () => {
    for (const [name, service] of Object.entries(file.services)) {
      if (name === 'migrate') continue;
      expect([name, service.restart]).toEqual([name, 'unless-stopped']);
      expect([name, service.healthcheck?.test?.length ?? 0]).toEqual([name, expect.toSatisfy((n: number) => n >= 2)]);
    }
  });

  it('the health check is a program that asks the process for its readiness', () => {
    for (const [, service] of roles) {
      const [kind, program, flag, script] = (service.healthcheck?.test ?? []).map(interpolated);
      expect([kind, program, flag]).toEqual(['CMD', 'node', '-e']);
      expect(script).toContain('http://127.0.0.1:${process.env.PORT}/readyz');
      expect(() => new Script(script ?? '')).not.toThrow();
    }
  });

  it('our processes write nowhere but /tmp', () => {
    for (const [, service] of ours) expect(service).toMatchObject({ read_only: true, tmpfs: ['/tmp'] });
  });

  it('every process sends its traces to the collector, and leaves its metrics to whoever scrapes it', () => {
    for (const [, service] of ours)
      expect(readConfig(environmentOf(service))).toMatchObject({
        otlpEndpoint: 'http://lgtm:4318',
        pushesMetrics: false,
      });
  });

  it('what is mounted is there', () => {
    const mounted = (file.services['lgtm']?.volumes ?? []).filter((volume) => volume.startsWith('./'));
    expect(mounted.length).toBeGreaterThan(0);
    for (const volume of mounted) {
      const [path = ''] = volume.split(':');
      expect([path, existsSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)))]).toEqual([path, true]);
    }
  });

  it('Prometheus scrapes every role at its port', () => {
    const scraped = parse(
      readFileSync(fileURLToPath(new URL('../../deploy/observability/prometheus.yaml', import.meta.url)), 'utf8'),
    ) as {
      scrape_configs: [
        { static_configs: { targets: string[] }[]; dns_sd_configs: [{ names: string[]; port: number }] },
      ];
    };
    const [{ static_configs, dns_sd_configs }] = scraped.scrape_configs;
    const [{ names, port }] = dns_sd_configs;
    const targets = [...static_configs.flatMap((config) => config.targets), ...names.map((name) => `${name}:${port}`)];
    const listening = roles.map(([name, service]) => `${name}:${environmentOf(service)['PORT'] ?? ''}`);
    expect(targets.toSorted()).toEqual(listening.toSorted());
  });

  it('runs two workers', () => {
    expect(file.services['worker']?.deploy).toEqual({ replicas: 2 });
  });

  it('Redis never evicts and keeps its log; Postgres is 18 and stays durable', () => {
    const { redis, postgres } = file.services;
    expect(redis?.command?.join(' ')).toBe('redis-server --maxmemory-policy noeviction --appendonly yes');
    expect(postgres?.image).toBe('postgres:18');
    expect(postgres?.command?.join(' ')).not.toMatch(/fsync|synchronous_commit|full_page_writes/);
    expect([redis?.volumes, postgres?.volumes]).toEqual([['redis-data:/data'], ['postgres-data:/var/lib/postgresql']]);
    expect(Object.keys(file.volumes)).toEqual(['postgres-data', 'redis-data', 'lgtm-data']);
  });
});

describe('Dockerfile', () => {
  it('runs as an unprivileged user, without development dependencies, and is checked for life', () => {
    const final = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
    expect(final).toMatch(/^USER node$/m);
    expect(final).toMatch(/^HEALTHCHECK /m);
    expect(final).toMatch(/^ENTRYPOINT \["node", "bin\/waybill\.js"\]$/m);
    expect(dockerfile).toMatch(/^RUN npm ci --omit=dev --omit=optional --ignore-scripts$/m);
  });

  it('is on the Node that the program needs', () => {
    const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(new Set(images)).toEqual(new Set(['node:24-slim']));
  });
});

/** The Compose project's own schema, which is not ours to copy: dclint, a linter of Compose files, carries it. */
function composeSchema(): object {
  const manifest = createRequire(import.meta.url).resolve('dclint/package.json');
  const schema = readFileSync(join(dirname(manifest), 'schemas', 'compose.schema.json'), 'utf8');
  // It names its draft by an address that Ajv knows in another spelling.
  return { ...(JSON.parse(schema) as object), $schema: 'http://json-schema.org/draft-07/schema#' };
}
