import { mount } from 'svelte'
import '../ui/base.css'
import './agent.css'
import App from './App.svelte'
import { open } from './phone.svelte'
import { followAddress } from './place.svelte'
import { watchForUpdates } from './update.svelte'
import { firstLanguage, useLanguage } from './words/words'

const target = document.getElementById('app')
await useLanguage(firstLanguage())
followAddress()
if (target) mount(App, { target })
void open()
void watchForUpdates()
void import('./lock/autolock').then(({ watchIdleness }) => watchIdleness())
