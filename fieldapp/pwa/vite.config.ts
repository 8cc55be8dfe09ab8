import { fileURLToPath } from 'node:url'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { VitePWA } from 'vite-plugin-pwa'
import { defineConfig } from 'vitest/config'

// Each face is a build of its own, so that the phone precaches nothing of the desk, and a debtor loads next to nothing.
const face = process.env['FACE'] ?? 'agent'
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const service = process.env['FIELDAPP_ORIGIN'] ?? 'http://127.0.0.1:8000'

const installable = VitePWA({
  strategies: 'injectManifest',
  srcDir: '.',
  filename: 'sw.ts',
  registerType: 'prompt',
  injectRegister: false,
  injectManifest: { globPatterns: ['**/*.{js,css,html,svg,png,webmanifest}'] },
  manifest: {
    id: '/agent/',
    name: 'fieldapp',
    short_name: 'fieldapp',
    description: 'Le visite di oggi, anche senza rete.',
    lang: 'it',
    start_url: '/agent/',
    scope: '/agent/',
    display: 'standalone',
    orientation: 'any',
    background_color: '#faf8f4',
    theme_color: '#faf8f4',
    icons: [
      { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
      { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
      { src: 'icon-512-maskable.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    ],
  },
})

export default defineConfig({
  root: here(`src/${face}`),
  // Short, because it stands in every code on a receipt.
  base: face === 'public' ? '/v/' : `/${face}/`,
  publicDir: here(`src/${face}/static`),
  plugins: [svelte({ configFile: here('svelte.config.js') }), ...(face === 'agent' ? [installable] : [])],
  worker: { format: 'es' },
  build: {
    outDir: here(`dist/${face}`), emptyOutDir: true, target: face === 'public' ? 'es2017' : 'es2022', assetsInlineLimit: 0,
    // Whatever is needed first comes as one file: each further one costs a look-up in the phone's cache, or a round trip.
    rolldownOptions: { output: face === 'agent' ? { codeSplitting: { groups: [{ name: 'first', tags: ['$initial'] }] } } : {} },
  },
  server: { proxy: { '/api': service } },
  test: { root: here('.'), include: ['src/**/*.test.ts'], environment: 'node' },
})
