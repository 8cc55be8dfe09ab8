import { mount } from 'svelte'
import '../ui/base.css'
import './desk.css'
import App from './App.svelte'
import { firstLanguage, useLanguage } from './words'

const target = document.getElementById('app')
await useLanguage(firstLanguage())
if (target) mount(App, { target })
