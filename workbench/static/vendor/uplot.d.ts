// For `tsc` only: uplot.js has the types of the package that it was made of.
export { default } from "uplot";
