// What the charts import from ../vendor/uplot.js; its styles are ../vendor/uplot.css.
export { default } from "uplot";
