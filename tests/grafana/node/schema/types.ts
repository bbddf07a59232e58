// What a dashboard file may hold: the types of Grafana's own schema, each panel with those of its kind.
import type { DataQuery } from '@grafana/schema/dist/types/common/common.gen';
import type * as stat from '@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen';
import type * as table from '@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen';
import type * as timeseries from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen';
import type * as trend from '@grafana/schema/dist/types/raw/composable/trend/panelcfg/x/types.gen';
import type { Dashboard, FieldConfig } from '@grafana/schema/dist/types/raw/dashboard/x/types.gen';

// The data source is no part of the schema package; these are the keys of its documentation.
export interface Target extends DataQuery {
  editorMode: 'code' | 'builder';
  expr: string;
  format: 'time_series' | 'table' | 'heatmap';
  instant: boolean;
  legendFormat: string;
  range: boolean;
}

export type Board = Dashboard;
export type Field = Partial<FieldConfig>;

export type statOptions = stat.Options;
export type tableOptions = table.Options;
export type timeseriesOptions = timeseries.Options;
export type trendOptions = trend.Options;

export type tableCustom = Partial<table.FieldConfig>;
export type timeseriesCustom = Partial<timeseries.FieldConfig>;
export type trendCustom = Partial<trend.FieldConfig>;
