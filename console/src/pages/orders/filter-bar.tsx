/** The search fields. What they hold counts once Enter is pressed or a choice is made. */
import type { FormEvent } from 'react';
import type { OrderFilters } from '../../api/queries.ts';
import { statuses, statusName } from '../../ui/status-badge.tsx';
import { amountOf, centsOf, instantOf, localOf, readFilters } from './filters.ts';

interface FilterBarProps {
  readonly filters: OrderFilters;
  readonly onSearch: (filters: OrderFilters) => void;
}

export function FilterBar({ filters, onSearch }: FilterBarProps) {
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    onSearch(filtersIn(new FormData(event.currentTarget), filters));
  };
  const more = ['product_id', 'created_after', 'created_before', 'min_cents', 'max_cents'] as const;
  const count = more.filter((name) => filters[name] !== undefined).length;
  return (
    <form className="filters card" onSubmit={submit} aria-label="Search">
      <label className="field">
        <span>Status</span>
        <select
          className="input"
          name="status"
          defaultValue={filters.status ?? ''}
          onChange={(event) => event.currentTarget.form?.requestSubmit()}
        >
          <option value="">any</option>
          {statuses.map((status) => (
            <option key={status} value={status}>
              {statusName(status)}
            </option>
          ))}
        </select>
      </label>
      <TextField name="user_id" title="Customer id" value={filters.user_id} />
      <details className="filters-more" open={count > 0}>
        <summary>More{count > 0 ? ` (${count})` : ''}</summary>
        <div className="filters-row">
          <TextField name="product_id" title="Product id" value={filters.product_id} />
          <TextField
            name="created_after"
            title="Placed from"
            type="datetime-local"
            value={localOf(filters.created_after)}
          />
          <TextField
            name="created_before"
            title="Placed before"
            type="datetime-local"
            value={localOf(filters.created_before)}
          />
          <TextField name="min_cents" title="Amount from" inputMode="decimal" value={amountOf(filters.min_cents)} />
          <TextField name="max_cents" title="Amount to" inputMode="decimal" value={amountOf(filters.max_cents)} />
        </div>
      </details>
      {filters.parked_cause === undefined ? null : (
        <span className="badge is-warn">parked: {filters.parked_cause}</span>
      )}
      <div className="filters-end">
        <button type="submit" className="button is-primary">
          Search
        </button>
        {Object.keys(filters).length > 0 ? (
          <button type="button" className="button is-quiet" onClick={() => onSearch({})}>
            Clear
          </button>
        ) : null}
      </div>
    </form>
  );
}

interface TextFieldProps {
  readonly name: keyof OrderFilters;
  readonly title: string;
  readonly value: string | undefined;
  readonly type?: 'text' | 'datetime-local';
  readonly inputMode?: 'text' | 'decimal';
}

function TextField({ name, title, value = '', type = 'text', inputMode = 'text' }: TextFieldProps) {
  return (
    <label className="field">
      <span>{title}</span>
      <input
        className="input"
        name={name}
        type={type}
        inputMode={inputMode}
        defaultValue={value}
        spellCheck={false}
        autoComplete="off"
      />
    </label>
  );
}

function filtersIn(form: FormData, { view, parked_cause }: OrderFilters): OrderFilters {
  const text = (name: string): string => {
    const value = form.get(name);
    return typeof value === 'string' ? value.trim() : '';
  };
  return readFilters({
    view,
    parked_cause,
    status: text('status'),
    user_id: text('user_id').toLowerCase(),
    product_id: text('product_id').toLowerCase(),
    created_after: instantOf(text('created_after')),
    created_before: instantOf(text('created_before')),
    min_cents: centsOf(text('min_cents')),
    max_cents: centsOf(text('max_cents')),
  });
}
