// What the Workbench imports from ../vendor/codemirror.js.
export * from "@codemirror/state";
export * from "@codemirror/view";
export * from "@codemirror/commands";
export * from "@codemirror/search";
