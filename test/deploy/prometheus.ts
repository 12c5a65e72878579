/** A real Prometheus for a test: the deployment's own configuration and rules, with a test's addresses and less patience. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePort } from '../../src/persistence/postgres-cluster.ts';
import { reaper } from '../support/reaper.ts';
import { eventually } from '../support/wait.ts';

export const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;

export interface Target {
  readonly role: string;
  /** `http://<host>:<port>` */
  readonly url: string;
}

export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Of the newest sample; `NaN` as such. */
  readonly value: number;
}

export interface Prometheus {
  /** An instant query, now. */
  query(expression: string): Promise<readonly Series[]>;
  /** Names of the alerts that fire, without those that are only pending. */
  firing(): Promise<readonly string[]>;
  /** Name, kind and description of every metric that our processes showed, by their own word. */
  described(): Promise<readonly { readonly name: string; readonly type: string; readonly help: string }[]>;
  close(): Promise<void>;
}

interface ScrapeConfig {
  readonly job_name: string;
  readonly [option: string]: unknown;
}
interface Configuration {
  readonly global: object;
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly ScrapeConfig[];
}
interface Rules {
  readonly groups: readonly { readonly rules: readonly { readonly alert?: string; readonly for?: string }[] }[];
}

const deployed = <T>(name: string): T =>
  parse(readFileSync(new URL(`../../deploy/observability/${name}`, import.meta.url), 'utf8')) as T;

/** Scrapes the targets every second, under the deployment's job name; an alert whose cause stays for two seconds fires. */
export async function startPrometheus(targets: readonly Target[]): Promise<Prometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'waybill-prometheus-'));
  const rules = deployed<Rules>('rules.yaml');
  const hasty = rules.groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) => (rule.for === undefined ? rule : { ...rule, for: '2s' })),
  }));
  await writeFile(join(dir, 'rules.yaml'), stringify({ groups: hasty }));
  const {
    scrape_configs: scraped,
    otlp: _,
    storage: __,
    ...rest
  } = deployed<Configuration & Record<string, unknown>>('prometheus.yaml');
  await writeFile(
    join(dir, 'prometheus.yaml'),
    stringify({
      ...rest,
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yaml'],
      scrape_configs: scraped.map(({ job_name }) => ({
        job_name,
        static_configs: targets.map(({ role, url }) => ({ targets: [new URL(url).host], labels: { role } })),
      })),
    }),
  );
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const child = spawn(
    'prometheus',
    ['--config.file=prometheus.yaml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`],
    { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  if (child.pid === undefined) throw new Error('prometheus could not be started');
  const kill = reaper().watchProcess(child.pid);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const get = async <T>(path: string): Promise<T> => {
    const answer = await fetch(base + path);
    const body = (await answer.json()) as { status: string; error?: string; data: T };
    if (body.status !== 'success') throw new Error(`${path}: ${body.error}`);
    return body.data;
  };
  await eventually(async () => (await fetch(`${base}/-/ready`)).ok, { what: 'a Prometheus that is ready' }).catch(
    (error: unknown) => {
      throw new Error(`${String(error)}\n${said}`, { cause: error });
    },
  );
  return {
    async query(expression) {
      type Result = readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[];
      const { result } = await get<{ result: Result }>(`/api/v1/query?query=${encodeURIComponent(expression)}`);
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    async firing() {
      type Alert = { readonly state: string; readonly labels: { readonly alertname: string } };
      const { alerts } = await get<{ alerts: readonly Alert[] }>('/api/v1/alerts');
      return [
        ...new Set(alerts.filter(({ state }) => state === 'firing').map(({ labels }) => labels.alertname)),
      ].toSorted();
    },
    async described() {
      type Metadata = { readonly metric: string; readonly type: string; readonly help: string };
      const found = await get<readonly Metadata[]>(
        `/api/v1/targets/metadata?match_target=${encodeURIComponent('{job="waybill"}')}`,
      );
      const byName = new Map(found.map(({ metric, type, help }) => [metric, { name: metric, type, help }]));
      return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    async close() {
      await kill();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
