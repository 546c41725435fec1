/** A table that becomes cards on a narrow window; its roles are written out because `display: block` takes them away. */

import { html } from "../vendor/preact.js";

/**
 * @template Row
 * @typedef {{title: string, cell: (row: Row) => any, align?: "right" | "actions"}} Column
 */

/**
 * @template Row
 * The first column heads a card. The caption is heard only: the page shows it as a heading.
 *
 * @param {{
 *   caption: string, columns: Column<Row>[], rows: Row[], id: (row: Row) => string, muted?: (row: Row) => boolean, empty?: any
 * }} props
 */
export function Table({ caption, columns, rows, id, muted, empty }) {
  if (rows.length === 0 && empty) return html`<div class="empty">${empty}</div>`;
  return html`<table class="table" role="table">
    <caption class="hidden-text">${caption}</caption>
    <thead role="rowgroup">
      <tr role="row">${columns.map(head)}</tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map((row) => html`<tr key=${id(row)} role="row" class=${muted?.(row) ? "muted" : ""}>
        ${columns.map((column, at) => html`<td role="cell" data-title=${column.title} class=${style(column, at)}>${column.cell(row)}</td>`)}
      </tr>`)}
    </tbody>
  </table>`;
}

/** @param {{title: string, align?: string}} column */
function head({ title, align }) {
  const shown = align === "actions" ? html`<span class="hidden-text">${title}</span>` : title;
  return html`<th scope="col" role="columnheader" class=${align ?? ""}>${shown}</th>`;
}

/** @param {{align?: string}} column @param {number} at */
function style({ align }, at) {
  return [at === 0 ? "first" : "", align ?? ""].join(" ").trim();
}
