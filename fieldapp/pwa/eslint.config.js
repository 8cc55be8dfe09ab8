import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import ts from 'typescript-eslint'

export default ts.config(
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: Object.fromEntries(['window', 'document', 'navigator', 'fetch', 'crypto', 'indexedDB', 'location', 'console', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'history', 'localStorage', 'URL', 'Blob', 'File', 'Response', 'Request', 'Event', 'EventSource', 'FormData', 'TextEncoder', 'TextDecoder', 'Intl', 'self', 'caches', 'matchMedia', 'requestAnimationFrame', 'cancelAnimationFrame', 'ResizeObserver', 'createImageBitmap', 'devicePixelRatio', 'HTMLElement', 'HTMLInputElement', 'HTMLCanvasElement', 'HTMLDialogElement', 'PointerEvent', 'KeyboardEvent', 'atob', 'btoa', 'performance', 'structuredClone', 'queueMicrotask', 'AbortController', 'innerWidth', 'URLSearchParams', 'Image', 'HTMLImageElement', 'HTMLSelectElement', 'HTMLTextAreaElement', 'DOMException', 'BroadcastChannel', 'CSS', 'screen', 'Node', 'Element', 'SVGElement', 'CanvasRenderingContext2D', 'MouseEvent', 'SubmitEvent', 'DragEvent', 'Headers', 'CustomEvent', 'confirm', 'alert'].map((name) => [name, 'readonly'])) } },
  { files: ['**/*.svelte', '**/*.svelte.ts'], languageOptions: { parserOptions: { parser: ts.parser } } },
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-undef': 'off',
    },
  },
  { ignores: ['dist/', 'src/api/contract.d.ts'] },
)
