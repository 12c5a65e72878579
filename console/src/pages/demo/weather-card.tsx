/** How the fake gateway behaves from now on. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { GatewayWeather } from '../../../../src/console/schemas.ts';
import { setWeather } from '../../api/commands.ts';
import { demoQuery } from '../../api/queries.ts';
import { Card } from '../../ui/card.tsx';
import { duration, percent } from '../../ui/format.ts';
import { Problem } from '../../ui/notes.tsx';

export function WeatherCard({ weather }: { readonly weather: GatewayWeather }) {
  const client = useQueryClient();
  const [wanted, setWanted] = useState(weather);
  const setting = useMutation({
    mutationFn: setWeather,
    onSuccess: (demo) => client.setQueryData(demoQuery.queryKey, demo),
  });
  const set = (part: Partial<GatewayWeather>): void => setWanted({ ...wanted, ...part });
  const commit = (): void => setting.mutate(wanted);
  return (
    <Card title="The gateway" note="of all orders, from now on">
      <Slider
        title="Calls that fail"
        value={wanted.failure_rate}
        said={percent(wanted.failure_rate)}
        max={1}
        step={0.05}
        onSlide={(failure_rate) => set({ failure_rate })}
        onDone={commit}
      />
      <Slider
        title="Latency"
        value={wanted.latency_ms}
        said={duration(wanted.latency_ms)}
        max={10_000}
        step={100}
        onSlide={(latency_ms) => set({ latency_ms })}
        onDone={commit}
      />
      {setting.error ? <Problem error={setting.error} /> : null}
    </Card>
  );
}

interface SliderProps {
  readonly title: string;
  readonly value: number;
  readonly said: string;
  readonly max: number;
  readonly step: number;
  readonly onSlide: (value: number) => void;
  readonly onDone: () => void;
}

function Slider({ title, value, said, max, step, onSlide, onDone }: SliderProps) {
  return (
    <label className="field slider">
      <span>
        {title} <output>{said}</output>
      </span>
      <input
        type="range"
        min={0}
        max={max}
        step={step}
        value={value}
        aria-valuetext={said}
        onChange={(event) => onSlide(event.currentTarget.valueAsNumber)}
        onPointerUp={onDone}
        onKeyUp={onDone}
      />
    </label>
  );
}
