import { mount } from 'svelte'
import '../ui/base.css'
import './agent.css'
import App from './App.svelte'
import { open } from './stages'
import { followAddress } from './place.svelte'
import { watchForUpdates } from './update.svelte'
import { firstLanguage, useLanguage } from './words/words'

const target = document.getElementById('app')
// Words and what lies on the phone are fetched side by side.
const spoken = useLanguage(firstLanguage())
const standing = open()
followAddress()
// Nothing is awaited at the top: what is fetched here needs this very file, and would wait for it for ever.
void spoken.then(() => target && mount(App, { target }))
void standing.finally(() => void watchForUpdates())
void import('./lock/autolock').then(({ watchIdleness }) => watchIdleness())
