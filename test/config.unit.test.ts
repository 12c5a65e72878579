import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseRoles, readConfig, roles } from '../src/config.ts';

const defaults = {
  port: 3000,
  host: '127.0.0.1',
  roles: ['edge', 'orders', 'inventory', 'payments', 'worker', 'relay', 'console'],
  databaseUrl: null,
  redisUrl: null,
  dataDir: resolve('.waybill'),
  logLevel: 'info',
  paymentsUrl: null,
  ordersUrl: null,
  inventoryUrl: null,
  mockLatencyMs: 0,
  mockFailureRate: 0.05,
  leaseMarginMs: 2000,
  redeliveryMs: 5000,
  edgeBudgetMs: 3000,
  retentionDays: 0,
  drainDelayMs: 0,
  inspectOrigins: [],
  demoCorner: true,
  crashAt: null,
  otlpEndpoint: null,
  auditHours: 0,
  pushesMetrics: true,
  tracesShare: 1,
  otelServiceName: 'waybill',
};

describe('readConfig', () => {
  it('stands on defaults without any variable', () => {
    expect(readConfig({})).toEqual(defaults);
  });

  it('takes an empty variable for an absent one, as compose files write them', () => {
    const names = ['PORT', 'ROLE', 'DATABASE_URL', 'REDIS_URL', 'LOG_LEVEL', 'PAYMENTS_URL', 'MOCK_FAILURE_RATE'];
    expect(readConfig(Object.fromEntries(names.map((name) => [name, ' '])))).toEqual(defaults);
  });

  it('reads every variable', () => {
    expect(
      readConfig({
        PORT: '0',
        HOST: '0.0.0.0',
        ROLE: 'worker, relay',
        DATABASE_URL: 'postgres://waybill:secret@db:5432/waybill?sslmode=require',
        REDIS_URL: 'rediss://cache:6379/1',
        DATA_DIR: '/var/lib/waybill',
        LOG_LEVEL: 'debug',
        PAYMENTS_URL: 'http://payments:3002/',
        ORDERS_URL: 'http://orders:3003',
        INVENTORY_URL: 'https://inventory/base//',
        MOCK_LATENCY_MS: '250',
        MOCK_FAILURE_RATE: '0',
        LEASE_MARGIN_MS: '1500',
        REDELIVERY_MS: '700',
        EDGE_BUDGET_MS: '1000',
        RETENTION_DAYS: '90',
        DRAIN_DELAY_MS: '1500',
        INSPECT_ORIGINS: 'https://tools.example.com, http://localhost:8080',
        DEMO_CORNER: 'on',
        CRASH_AT: 'call.sent:3',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
        AUDIT_HOURS: '6',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_TRACES_SAMPLER_ARG: '0.25',
        OTEL_SERVICE_NAME: 'waybill-worker',
      }),
    ).toEqual({
      port: 0,
      host: '0.0.0.0',
      roles: ['worker', 'relay'],
      databaseUrl: 'postgres://waybill:secret@db:5432/waybill?sslmode=require',
      redisUrl: 'rediss://cache:6379/1',
      dataDir: '/var/lib/waybill',
      logLevel: 'debug',
      paymentsUrl: 'http://payments:3002',
      ordersUrl: 'http://orders:3003',
      inventoryUrl: 'https://inventory/base',
      mockLatencyMs: 250,
      mockFailureRate: 0,
      leaseMarginMs: 1500,
      redeliveryMs: 700,
      edgeBudgetMs: 1000,
      retentionDays: 90,
      drainDelayMs: 1500,
      inspectOrigins: ['https://tools.example.com', 'http://localhost:8080'],
      demoCorner: true,
      crashAt: { label: 'call.sent', passing: 3 },
      otlpEndpoint: 'http://collector:4318',
      auditHours: 6,
      pushesMetrics: false,
      tracesShare: 0.25,
      otelServiceName: 'waybill-worker',
    });
  });

  it('cannot be changed afterwards', () => {
    const config = readConfig({});
    expect([Object.isFrozen(config), Object.isFrozen(config.roles)]).toEqual([true, true]);
  });

  it.each([
    ['PORT', '65536', 'PORT is "65536", expected a whole number from 0 to 65535'],
    ['PORT', '3000x', 'PORT is "3000x", expected a whole number from 0 to 65535'],
    ['PORT', '-1', 'PORT is "-1", expected a whole number from 0 to 65535'],
    ['PORT', '1e3', 'PORT is "1e3", expected a whole number from 0 to 65535'],
    ['HOST', 'a b', 'HOST is "a b", expected a host name or address'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL is "loud", expected one of fatal, error, warn, info, debug, trace, silent'],
    ['MOCK_LATENCY_MS', '1.5', 'MOCK_LATENCY_MS is "1.5", expected a whole number from 0 to 3600000'],
    ['MOCK_FAILURE_RATE', '5%', 'MOCK_FAILURE_RATE is "5%", expected a number from 0 to 1'],
    ['MOCK_FAILURE_RATE', '1.01', 'MOCK_FAILURE_RATE is "1.01", expected a number from 0 to 1'],
    ['LEASE_MARGIN_MS', '0', 'LEASE_MARGIN_MS is "0", expected a whole number from 100 to 3600000'],
    ['REDELIVERY_MS', '5s', 'REDELIVERY_MS is "5s", expected a whole number from 100 to 3600000'],
    ['EDGE_BUDGET_MS', '60001', 'EDGE_BUDGET_MS is "60001", expected a whole number from 100 to 60000'],
    ['PAYMENTS_URL', 'payments:3002', 'PAYMENTS_URL is not a URL that starts with http:// or https://'],
    ['REDIS_URL', 'localhost', 'REDIS_URL is not a URL that starts with redis:// or rediss://'],
    [
      'INSPECT_ORIGINS',
      'https://a.example/page',
      'INSPECT_ORIGINS is "https://a.example/page", expected a list of origins such as https://tools.example.com',
    ],
    [
      'ROLE',
      'edge,boss',
      'ROLE is "edge,boss", expected a list of all, edge, orders, inventory, payments, worker, relay, console',
    ],
  ])('%s=%s is refused in one line', (name, value, message) => {
    expect(() => readConfig({ [name]: value })).toThrow(new ConfigError(message));
  });

  it('a wrong DATABASE_URL is refused without printing what may be a password', () => {
    expect(() => readConfig({ DATABASE_URL: 'mysql://root:secret@db/shop' })).toThrow(
      new ConfigError('DATABASE_URL is not a URL that starts with postgres:// or postgresql://'),
    );
  });
});

describe('parseRoles', () => {
  it('all is every role, also beside others', () => {
    expect([parseRoles('all', '--role'), parseRoles('worker,all', '--role')]).toEqual([roles, roles]);
  });

  it('repeats and order do not matter', () => {
    expect(parseRoles('worker,edge,worker', '--role')).toEqual(['edge', 'worker']);
  });

  it('blames the source it was given', () => {
    expect(() => parseRoles('', '--role')).toThrow(/^--role is "", expected a list of all, edge/);
  });
});
