// For `tsc` only: codemirror.js has the types of the packages that it was made of.
export * from "@codemirror/state";
export * from "@codemirror/view";
export * from "@codemirror/commands";
export * from "@codemirror/search";
