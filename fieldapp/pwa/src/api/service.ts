/** The only place of the desk that calls the service; every answer is a value or a refusal, never a throw. */
import createClient, { type FetchResponse, type Middleware } from 'openapi-fetch'
import { type Answer, readProblem, UNREACHABLE } from './answer'
import type { paths } from './contract'
import type { CorrectionRequest, ExportRequest, LayoutDraft, TermsCard } from './shapes'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

function csrfToken(): string {
  return /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? ''
}

let spoken = 'it'
let onSignedOut: () => void = () => undefined

/** In which language the service words its problems. */
export const askIn = (language: string): void => void (spoken = language)

/** What to do when the service says that nobody is signed in any more. */
export const whenSignedOut = (act: () => void): void => void (onSignedOut = act)

const common: Middleware = {
  onRequest({ request }) {
    request.headers.set('accept-language', spoken)
    if (!SAFE.has(request.method)) request.headers.set('x-csrftoken', csrfToken())
    return request
  },
}

const client = createClient<paths>({ baseUrl: '' })
client.use(common)

type Media = `${string}/${string}`

async function answer<T extends Record<string | number, unknown>, O, M extends Media>(
  call: Promise<FetchResponse<T, O, M>>,
): Promise<Answer<NonNullable<FetchResponse<T, O, M>['data']>>> {
  try {
    const { data, error, response } = await call
    if (response.ok) return { kind: 'ok', value: data as NonNullable<typeof data> }
    const refusal = readProblem(response.status, error)
    if (refusal.code === 'access.sign_in_needed') onSignedOut()
    return { kind: 'refused', refusal }
  } catch {
    return { kind: 'refused', refusal: UNREACHABLE }
  }
}

/** Files and texts as a form, which the generated client does not know how to send. */
function formOf(parts: Readonly<Record<string, File | string>>): FormData {
  const form = new FormData()
  for (const [name, part] of Object.entries(parts)) form.set(name, part)
  return form
}

/** What a writing operation is given. */
type Body<P extends keyof paths> = paths[P] extends { post: { requestBody: { content: { 'application/json': infer B } } } } ? B : never
type Asked<P extends '/api/v1/figures' | '/api/v1/figures/practices'> = paths[P]['get']['parameters']['query']
type Listing = 'practices' | 'tasks'
type Channel = 'call' | 'message' | 'letter'

export const service = {
  clock: () => answer(client.GET('/api/v1/clock')),
  demoSignIns: () => answer(client.GET('/api/v1/demo/sign-ins')),
  moveClock: (now: string) => answer(client.POST('/api/v1/demo/clock', { body: { now } })),
  session: () => answer(client.GET('/api/v1/session')),
  signIn: (login: string, password: string) => answer(client.POST('/api/v1/session', { body: { login, password } })),
  signOut: () => answer(client.DELETE('/api/v1/session')),
  devices: () => answer(client.GET('/api/v1/devices')),
  revokeDevice: (device_id: string) =>
    answer(client.POST('/api/v1/devices/{device_id}/revoke', { params: { path: { device_id } } })),
  rescues: () => answer(client.GET('/api/v1/rescues')),
  takeRescueFile: (file: File) =>
    answer(
      client.POST('/api/v1/rescues', {
        body: { file: file.name },
        bodySerializer: () => {
          const parts = new FormData()
          parts.set('file', file)
          return parts
        },
      }),
    ),
  acceptRescue: (device_id: string) =>
    answer(client.POST('/api/v1/rescues/{device_id}/accept', { params: { path: { device_id } } })),
  audit: (limit: number) => answer(client.GET('/api/v1/audit', { params: { query: { limit } } })),

  creditors: () => answer(client.GET('/api/v1/creditors')),
  layouts: () => answer(client.GET('/api/v1/layouts')),
  proposeLayout: (file: File) =>
    answer(client.POST('/api/v1/layouts/proposal', { body: { file: file.name }, bodySerializer: () => formOf({ file }) })),
  previewLayout: (file: File, draft: LayoutDraft) =>
    answer(
      client.POST('/api/v1/layouts/preview', {
        body: { file: file.name, draft: '' },
        bodySerializer: () => formOf({ file, draft: JSON.stringify(draft) }),
      }),
    ),
  saveLayout: (body: { creditor_id: string; title: string; draft: LayoutDraft }) => answer(client.POST('/api/v1/layouts', { body })),
  imports: () => answer(client.GET('/api/v1/imports')),
  import: (import_id: string) =>
    answer(client.GET('/api/v1/imports/{import_id}', { params: { path: { import_id } } })),
  confirmImport: (import_id: string) =>
    answer(client.POST('/api/v1/imports/{import_id}/confirm', { params: { path: { import_id } } })),
  cancelImport: (import_id: string) =>
    answer(client.POST('/api/v1/imports/{import_id}/cancel', { params: { path: { import_id } } })),
  startImport: (form: { file: File; layout: string; creditor_id: string; documents: File | null }) =>
    answer(
      client.POST('/api/v1/imports', {
        body: { layout: form.layout, creditor_id: form.creditor_id, file: form.file.name },
        bodySerializer: () => {
          const parts = new FormData()
          parts.set('file', form.file)
          parts.set('layout', form.layout)
          parts.set('creditor_id', form.creditor_id)
          if (form.documents) parts.set('documents', form.documents)
          return parts
        },
      }),
    ),
  previewBulk: (body: Body<'/api/v1/bulk-actions'>) => answer(client.POST('/api/v1/bulk-actions', { body })),
  confirmBulk: (bulk_id: string, digest: string) =>
    answer(client.POST('/api/v1/bulk-actions/{bulk_id}/confirm', { params: { path: { bulk_id } }, body: { digest } })),
  undoBulk: (bulk_id: string) =>
    answer(client.POST('/api/v1/bulk-actions/{bulk_id}/undo', { params: { path: { bulk_id } } })),
  bulkActions: () => answer(client.GET('/api/v1/bulk-actions')),
  bulkPractices: (bulk_id: string, part: 'done' | 'left_out' | 'kept', number: number) =>
    answer(client.GET('/api/v1/bulk-actions/{bulk_id}/practices', { params: { path: { bulk_id }, query: { part, number } } })),
  /** The file itself; which practices are in it is too long for an address. */
  exportPractices: (body: Body<'/api/v1/exports/practices'>) =>
    answer(client.POST('/api/v1/exports/practices', { body, parseAs: 'blob' })),
  /** The archive itself: what is kept of a person, in all practices. */
  copyOfData: (practice_id: string, body: Body<'/api/v1/practices/{practice_id}/copy-of-data'>) =>
    answer(client.POST('/api/v1/practices/{practice_id}/copy-of-data', { params: { path: { practice_id } }, body, parseAs: 'blob' })),
  objectToLearning: (practice_id: string, body: Body<'/api/v1/practices/{practice_id}/learning-objection'>) =>
    answer(client.POST('/api/v1/practices/{practice_id}/learning-objection', { params: { path: { practice_id } }, body })),
  practiceChoices: (province: readonly string[]) =>
    answer(client.GET('/api/v1/practice-choices', { params: { query: province.length === 0 ? {} : { province: [...province] } } })),
  practices: (query: NonNullable<paths['/api/v1/practices']['get']['parameters']['query']>) =>
    answer(client.GET('/api/v1/practices', { params: { query } })),
  practice: (practice_id: string) =>
    answer(client.GET('/api/v1/practices/{practice_id}', { params: { path: { practice_id } } })),
  recordInterruption: (practice_id: string, body: Body<'/api/v1/practices/{practice_id}/interruptions'>) =>
    answer(client.POST('/api/v1/practices/{practice_id}/interruptions', { params: { path: { practice_id } }, body })),
  withdrawInterruption: (practice_id: string, act_id: string, reason: string) =>
    answer(
      client.POST('/api/v1/practices/{practice_id}/interruptions/{act_id}/withdraw', {
        params: { path: { practice_id, act_id } }, body: { reason },
      }),
    ),
  approve: (practice_id: string, body: Body<'/api/v1/practices/{practice_id}/approvals'>) =>
    answer(client.POST('/api/v1/practices/{practice_id}/approvals', { params: { path: { practice_id } }, body })),
  withdrawApproval: (practice_id: string, approval_id: string) =>
    answer(
      client.POST('/api/v1/practices/{practice_id}/approvals/{approval_id}/withdraw', {
        params: { path: { practice_id, approval_id } }, body: { reason: '' },
      }),
    ),
  contactLimits: (practice_id: string) =>
    answer(client.GET('/api/v1/practices/{practice_id}/contacts', { params: { path: { practice_id } } })),
  logContact: (practice_id: string, body: { channel: Channel; at: string; reached: boolean; outcome: string }) =>
    answer(client.POST('/api/v1/practices/{practice_id}/contacts', { params: { path: { practice_id } }, body })),
  planContact: (practice_id: string, body: { channel: Channel; at: string }) =>
    answer(client.POST('/api/v1/practices/{practice_id}/planned-contacts', { params: { path: { practice_id } }, body })),
  appointmentOffers: (practice_id: string, hours: '1' | '2') =>
    answer(client.GET('/api/v1/practices/{practice_id}/appointment-offers', { params: { path: { practice_id }, query: { hours } } })),
  takeAppointment: (practice_id: string, body: Body<'/api/v1/practices/{practice_id}/appointments'>) =>
    answer(client.POST('/api/v1/practices/{practice_id}/appointments', { params: { path: { practice_id } }, body })),
  moveAppointment: (practice_id: string, appointment_id: string, body: Body<'/api/v1/practices/{practice_id}/appointments/{appointment_id}/move'>) =>
    answer(
      client.POST('/api/v1/practices/{practice_id}/appointments/{appointment_id}/move', { params: { path: { practice_id, appointment_id } }, body }),
    ),
  cancelAppointment: (practice_id: string, appointment_id: string, body: { reason: string; called: boolean }) =>
    answer(
      client.POST('/api/v1/practices/{practice_id}/appointments/{appointment_id}/cancel', {
        params: { path: { practice_id, appointment_id } }, body,
      }),
    ),
  dayAppointments: (day: string) =>
    answer(client.GET('/api/v1/dispatch/days/{day}/appointments', { params: { path: { day } } })),
  importContacts: (file: File) =>
    answer(
      client.POST('/api/v1/contacts/import', {
        body: { file: file.name },
        bodySerializer: () => {
          const parts = new FormData()
          parts.set('file', file)
          return parts
        },
      }),
    ),
  rules: () => answer(client.GET('/api/v1/rules')),
  rulesVersions: () => answer(client.GET('/api/v1/rules/versions')),
  previewRules: (body: Body<'/api/v1/rules/preview'>) => answer(client.POST('/api/v1/rules/preview', { body })),
  switchOnRules: (body: Body<'/api/v1/rules/versions'>) => answer(client.POST('/api/v1/rules/versions', { body })),
  serviceAccounts: () => answer(client.GET('/api/v1/service-accounts')),
  createServiceAccount: (body: Body<'/api/v1/service-accounts'>) => answer(client.POST('/api/v1/service-accounts', { body })),
  revokeServiceAccount: (account_id: string) =>
    answer(client.POST('/api/v1/service-accounts/{account_id}/revoke', { params: { path: { account_id } } })),
  webhooks: () => answer(client.GET('/api/v1/webhooks')),
  createWebhook: (body: Body<'/api/v1/webhooks'>) => answer(client.POST('/api/v1/webhooks', { body })),
  tellWebhook: (webhook_id: string, what: 'pause' | 'resume' | 'end' | 'test') =>
    answer(client.POST(`/api/v1/webhooks/{webhook_id}/${what}`, { params: { path: { webhook_id } } })),
  rotateWebhookSecret: (webhook_id: string) =>
    answer(client.POST('/api/v1/webhooks/{webhook_id}/secret', { params: { path: { webhook_id } } })),
  heldUpDeliveries: (webhook_id: string) =>
    answer(client.GET('/api/v1/webhooks/{webhook_id}/deliveries', { params: { path: { webhook_id }, query: { repeated: true } } })),
  resendDeliveries: (webhook_id: string, delivery_ids: string[] | null) =>
    answer(client.POST('/api/v1/webhooks/{webhook_id}/resend', { params: { path: { webhook_id } }, body: { delivery_ids } })),
  exportPlans: () => answer(client.GET('/api/v1/export-plans')),
  createExportPlan: (body: Body<'/api/v1/export-plans'>) => answer(client.POST('/api/v1/export-plans', { body })),
  changeExportPlan: (plan_id: string, body: ExportRequest) =>
    answer(client.POST('/api/v1/export-plans/{plan_id}', { params: { path: { plan_id } }, body })),
  pauseExportPlan: (plan_id: string, paused: boolean) =>
    answer(client.POST('/api/v1/export-plans/{plan_id}/pause', { params: { path: { plan_id } }, body: { paused } })),
  previewExport: (body: Body<'/api/v1/export-plans/preview'>) => answer(client.POST('/api/v1/export-plans/preview', { body })),
  askHostKey: (plan_id: string) => answer(client.POST('/api/v1/export-plans/{plan_id}/host-key', { params: { path: { plan_id } } })),
  makeOutgoingFile: (plan_id: string) => answer(client.POST('/api/v1/export-plans/{plan_id}/make', { params: { path: { plan_id } } })),
  outgoingFiles: () => answer(client.GET('/api/v1/outgoing-files')),
  resendOutgoingFile: (file_id: string) =>
    answer(client.POST('/api/v1/outgoing-files/{file_id}/resend', { params: { path: { file_id } } })),
  toldOf: (practice_id: string, before: number | null = null) =>
    answer(client.GET('/api/v1/practices/{practice_id}/told', { params: { path: { practice_id }, query: before === null ? {} : { before } } })),
  skipDeliveries: (webhook_id: string, delivery_ids: string[]) =>
    answer(client.POST('/api/v1/webhooks/{webhook_id}/skip', { params: { path: { webhook_id } }, body: { delivery_ids } })),
  house: () => answer(client.GET('/api/v1/house')),
  setAgency: (body: Body<'/api/v1/house/agency'>) => answer(client.POST('/api/v1/house/agency', { body })),
  addCreditor: (body: Body<'/api/v1/creditors'>) => answer(client.POST('/api/v1/creditors', { body })),
  setCreditor: (creditor_id: string, body: Body<'/api/v1/creditors/{creditor_id}'>) =>
    answer(client.POST('/api/v1/creditors/{creditor_id}', { params: { path: { creditor_id } }, body })),
  people: () => answer(client.GET('/api/v1/people')),
  addPerson: (body: Body<'/api/v1/people'>) => answer(client.POST('/api/v1/people', { body })),
  changePerson: (person_id: string, body: Body<'/api/v1/people/{person_id}'>) =>
    answer(client.POST('/api/v1/people/{person_id}', { params: { path: { person_id } }, body })),
  renewPassword: (person_id: string) =>
    answer(client.POST('/api/v1/people/{person_id}/password', { params: { path: { person_id } } })),
  shutOut: (person_id: string, left: boolean) =>
    answer(client.POST('/api/v1/people/{person_id}/left', { params: { path: { person_id } }, body: { left } })),
  squads: (day: string | null = null) => answer(client.GET('/api/v1/squads', { params: { query: day === null ? {} : { day } } })),
  createSquad: (name: string) => answer(client.POST('/api/v1/squads', { body: { name } })),
  renameSquad: (squad_id: string, name: string) =>
    answer(client.POST('/api/v1/squads/{squad_id}/name', { params: { path: { squad_id } }, body: { name } })),
  closeSquad: (squad_id: string) => answer(client.POST('/api/v1/squads/{squad_id}/close', { params: { path: { squad_id } } })),
  moveToSquad: (body: Body<'/api/v1/squads/members'>) => answer(client.POST('/api/v1/squads/members', { body })),
  changePassword: (body: Body<'/api/v1/session/password'>) => answer(client.POST('/api/v1/session/password', { body })),
  licences: () => answer(client.GET('/api/v1/licences')),
  setAgencyLicence: (body: Body<'/api/v1/licences/agency'>) => answer(client.POST('/api/v1/licences/agency', { body })),
  setAgentLicence: (person_id: string, body: Body<'/api/v1/licences/agents/{person_id}'>) =>
    answer(client.POST('/api/v1/licences/agents/{person_id}', { params: { path: { person_id } }, body })),
  askForSkillsOfCreditor: (creditor_id: string, body: Body<'/api/v1/creditors/{creditor_id}/skills'>) =>
    answer(client.POST('/api/v1/creditors/{creditor_id}/skills', { params: { path: { creditor_id } }, body })),
  askForSkills: (practice_id: string, body: Body<'/api/v1/practices/{practice_id}/skills'>) =>
    answer(client.POST('/api/v1/practices/{practice_id}/skills', { params: { path: { practice_id } }, body })),
  tasks: (query: NonNullable<paths['/api/v1/tasks']['get']['parameters']['query']>) =>
    answer(client.GET('/api/v1/tasks', { params: { query } })),
  countTasks: (query: NonNullable<paths['/api/v1/tasks/count']['get']['parameters']['query']>) =>
    answer(client.GET('/api/v1/tasks/count', { params: { query } })),
  views: (listing: Listing) => answer(client.GET('/api/v1/views', { params: { query: { listing } } })),
  saveView: (body: Body<'/api/v1/views'>) => answer(client.POST('/api/v1/views', { body })),
  forgetView: (view_id: string) =>
    answer(client.POST('/api/v1/views/{view_id}/forget', { params: { path: { view_id } } })),
  colleagues: () => answer(client.GET('/api/v1/tasks/colleagues')),
  arrangeTask: (task_id: string, body: Body<'/api/v1/tasks/{task_id}/arrange'>) =>
    answer(client.POST('/api/v1/tasks/{task_id}/arrange', { params: { path: { task_id } }, body })),
  bookHeldPayment: (task_id: string) =>
    answer(client.POST('/api/v1/tasks/{task_id}/book-payment', { params: { path: { task_id } } })),
  refusedReport: (envelope_id: string) => answer(client.GET('/api/v1/refused-reports/{envelope_id}', { params: { path: { envelope_id } } })),
  bookRefusedMoney: (envelope_id: string, body: Body<'/api/v1/refused-reports/{envelope_id}/book'>) =>
    answer(client.POST('/api/v1/refused-reports/{envelope_id}/book', { params: { path: { envelope_id } }, body })),
  denyRefusedMoney: (envelope_id: string, body: Body<'/api/v1/refused-reports/{envelope_id}/deny'>) =>
    answer(client.POST('/api/v1/refused-reports/{envelope_id}/deny', { params: { path: { envelope_id } }, body })),
  finishTask: (task_id: string, note: string) =>
    answer(client.POST('/api/v1/tasks/{task_id}/finish', { params: { path: { task_id } }, body: { note } })),
  doubtfulAddresses: (query: { limit?: number; cursor?: string; address_id?: string } = {}) =>
    answer(client.GET('/api/v1/addresses/doubtful', { params: { query } })),
  settleAddress: (address_id: string, body: { lat_e6: number; lon_e6: number; confirm: boolean }) =>
    answer(client.POST('/api/v1/addresses/{address_id}/settle', { params: { path: { address_id } }, body })),
  completeAddress: (body: Body<'/api/v1/addresses/complete'>) => answer(client.POST('/api/v1/addresses/complete', { body })),
  chooseAddress: (address_id: string, text: string) =>
    answer(client.POST('/api/v1/addresses/{address_id}/choose', { params: { path: { address_id } }, body: { text } })),
  debtorPairs: () => answer(client.GET('/api/v1/debtors/pairs')),
  decideDebtorPair: (pair_id: string, verdict: 'same' | 'different' | null) =>
    answer(client.POST('/api/v1/debtors/pairs/{pair_id}/decide', { params: { path: { pair_id } }, body: { verdict } })),
  putAddressBack: (address_id: string) =>
    answer(client.POST('/api/v1/addresses/{address_id}/put-back', { params: { path: { address_id } } })),
  decideSettlement: (settlement_id: string, body: { approve: boolean; note: string }) =>
    answer(client.POST('/api/v1/settlements/{settlement_id}/decide', { params: { path: { settlement_id } }, body })),
  terms: (creditor_id: string) =>
    answer(client.GET('/api/v1/creditors/{creditor_id}/terms', { params: { path: { creditor_id } } })),
  paymentOrder: (creditor_id: string) =>
    answer(client.GET('/api/v1/creditors/{creditor_id}/payment-order', { params: { path: { creditor_id } } })),
  setPaymentOrder: (creditor_id: string, body: Body<'/api/v1/creditors/{creditor_id}/payment-order'>) =>
    answer(client.POST('/api/v1/creditors/{creditor_id}/payment-order', { params: { path: { creditor_id } }, body })),
  setTerms: (creditor_id: string, body: { valid_from: string; terms: TermsCard }) =>
    answer(client.POST('/api/v1/creditors/{creditor_id}/terms', { params: { path: { creditor_id } }, body })),
  commissions: (creditor_id: string) =>
    answer(client.GET('/api/v1/creditors/{creditor_id}/commissions', { params: { path: { creditor_id } } })),
  setCommissionRate: (creditor_id: string, body: Body<'/api/v1/creditors/{creditor_id}/commissions/rates'>) =>
    answer(client.POST('/api/v1/creditors/{creditor_id}/commissions/rates', { params: { path: { creditor_id } }, body })),
  previewClosing: (creditor_id: string, to_on: string) =>
    answer(client.GET('/api/v1/creditors/{creditor_id}/commissions/preview', { params: { path: { creditor_id }, query: { to_on } } })),
  closeCommissions: (creditor_id: string, body: Body<'/api/v1/creditors/{creditor_id}/commissions/closings'>) =>
    answer(client.POST('/api/v1/creditors/{creditor_id}/commissions/closings', { params: { path: { creditor_id } }, body })),
  reverseCommission: (creditor_id: string, body: Body<'/api/v1/creditors/{creditor_id}/commissions/reversals'>) =>
    answer(client.POST('/api/v1/creditors/{creditor_id}/commissions/reversals', { params: { path: { creditor_id } }, body })),
  figures: (query: Asked<'/api/v1/figures'>) => answer(client.GET('/api/v1/figures', { params: { query } })),
  figurePractices: (query: Asked<'/api/v1/figures/practices'>) =>
    answer(client.GET('/api/v1/figures/practices', { params: { query } })),
  trialBalance: (at?: string) =>
    answer(client.GET('/api/v1/ledger/trial-balance', { params: { query: at === undefined ? {} : { at } } })),
  accountStatement: (query: NonNullable<paths['/api/v1/ledger/statement']['get']['parameters']['query']>) =>
    answer(client.GET('/api/v1/ledger/statement', { params: { query } })),

  cashDesk: () => answer(client.GET('/api/v1/cash')),
  receiptSeries: () => answer(client.GET('/api/v1/receipts/series')),
  pads: () => answer(client.GET('/api/v1/pads')),
  registerPad: (body: Body<'/api/v1/pads'>) => answer(client.POST('/api/v1/pads', { body })),
  voidForm: (pad_id: string, body: Body<'/api/v1/pads/{pad_id}/void'>) =>
    answer(client.POST('/api/v1/pads/{pad_id}/void', { params: { path: { pad_id } }, body })),
  returnPad: (pad_id: string, body: Body<'/api/v1/pads/{pad_id}/return'>) =>
    answer(client.POST('/api/v1/pads/{pad_id}/return', { params: { path: { pad_id } }, body })),
  enterReceipt: (pad_id: string, body: Body<'/api/v1/pads/{pad_id}/receipts'>) =>
    answer(client.POST('/api/v1/pads/{pad_id}/receipts', { params: { path: { pad_id } }, body })),
  enterNotice: (pad_id: string, body: Body<'/api/v1/pads/{pad_id}/notices'>) =>
    answer(client.POST('/api/v1/pads/{pad_id}/notices', { params: { path: { pad_id } }, body })),
  previewCounter: (body: Body<'/api/v1/counter/preview'>) => answer(client.POST('/api/v1/counter/preview', { body })),
  takeAtCounter: (body: Body<'/api/v1/counter/payments'>) => answer(client.POST('/api/v1/counter/payments', { body })),
  handIn: (body: Body<'/api/v1/cash/slips'>) => answer(client.POST('/api/v1/cash/slips', { body })),
  bankSlip: (slip_id: string, body: { banked_on: string; reference: string }) =>
    answer(client.POST('/api/v1/cash/slips/{slip_id}/bank', { params: { path: { slip_id } }, body })),
  clearPayment: (payment_id: string, cleared_on: string) =>
    answer(client.POST('/api/v1/cash/payments/{payment_id}/clear', { params: { path: { payment_id } }, body: { cleared_on } })),
  bounceCheque: (payment_id: string, body: { unpaid_on: string; reason: string }) =>
    answer(client.POST('/api/v1/cash/payments/{payment_id}/unpaid', { params: { path: { payment_id } }, body })),
  creditCards: (payment_ids: string[], credited_on: string) =>
    answer(client.POST('/api/v1/cash/cards/credit', { body: { payment_ids, credited_on } })),
  confirmTransfer: (promise_id: string, body: Body<'/api/v1/cash/transfers/{promise_id}/confirm'>) =>
    answer(client.POST('/api/v1/cash/transfers/{promise_id}/confirm', { params: { path: { promise_id } }, body })),
  makePaymentLink: (promise_id: string) =>
    answer(client.POST('/api/v1/cash/transfers/{promise_id}/link', { params: { path: { promise_id } } })),
  previewAllocation: (practice_id: string, amount_cents: number, chosen_line: string | null = null, on: string | null = null) =>
    answer(
      client.GET('/api/v1/practices/{practice_id}/allocation', {
        params: { path: { practice_id }, query: { amount_cents, ...(chosen_line ? { chosen_line } : {}), ...(on ? { on } : {}) } },
      }),
    ),
  voidReceipt: (receipt_id: string, reason: string) =>
    answer(client.POST('/api/v1/receipts/{receipt_id}/void', { params: { path: { receipt_id } }, body: { reason } })),
  refundReceipt: (receipt_id: string, body: Body<'/api/v1/receipts/{receipt_id}/refund'>) =>
    answer(client.POST('/api/v1/receipts/{receipt_id}/refund', { params: { path: { receipt_id } }, body })),

  candidates: (day: string) => answer(client.GET('/api/v1/dispatch/candidates', { params: { query: { day } } })),
  learning: () => answer(client.GET('/api/v1/dispatch/learning')),
  switchLearning: (body: Body<'/api/v1/dispatch/learning'>) => answer(client.POST('/api/v1/dispatch/learning', { body })),
  agents: (day: string) => answer(client.GET('/api/v1/dispatch/agents', { params: { query: { day } } })),
  plans: (day: string) => answer(client.GET('/api/v1/dispatch/plans', { params: { query: { day } } })),
  plan: (plan_id: string) =>
    answer(client.GET('/api/v1/dispatch/plans/{plan_id}', { params: { path: { plan_id } } })),
  startPlan: (body: { day: string; agent_ids: string[] | null; practice_ids: string[] | null; seconds: number; seed: number; keep?: string; days: number }) =>
    answer(client.POST('/api/v1/dispatch/plans', { body })),
  stopPlan: (plan_id: string) =>
    answer(client.POST('/api/v1/dispatch/plans/{plan_id}/stop', { params: { path: { plan_id } } })),
  /** `seen`: the newest version of the day that is on the screen, 0 for none. */
  publishPlan: (plan_id: string, seen: number) =>
    answer(client.POST('/api/v1/dispatch/plans/{plan_id}/publish', { params: { path: { plan_id }, query: { seen } } })),
  openDraft: (plan_id: string) =>
    answer(client.POST('/api/v1/dispatch/plans/{plan_id}/draft', { params: { path: { plan_id } } })),
  staleVisits: () => answer(client.GET('/api/v1/dispatch/stale')),
  takeOutStaleVisits: (day: string, body: Body<'/api/v1/dispatch/days/{day}/stale/take-out'>) =>
    answer(client.POST('/api/v1/dispatch/days/{day}/stale/take-out', { params: { path: { day } }, body })),
  planningNotes: (day: string) =>
    answer(client.GET('/api/v1/dispatch/days/{day}/notes', { params: { path: { day } } })),
  writePlanningNote: (day: string, body: Body<'/api/v1/dispatch/days/{day}/notes'>) =>
    answer(client.POST('/api/v1/dispatch/days/{day}/notes', { params: { path: { day } }, body })),
  tickPlanningNote: (note_id: string, done: boolean) =>
    answer(client.POST('/api/v1/dispatch/notes/{note_id}/tick', { params: { path: { note_id } }, body: { done } })),
  look: (body: Body<'/api/v1/dispatch/looking'>) => answer(client.POST('/api/v1/dispatch/looking', { body })),
  board: (plan_id: string) =>
    answer(client.GET('/api/v1/dispatch/plans/{plan_id}/board', { params: { path: { plan_id } } })),
  moveVisit: (plan_id: string, body: Body<'/api/v1/dispatch/plans/{plan_id}/moves'>) =>
    answer(client.POST('/api/v1/dispatch/plans/{plan_id}/moves', { params: { path: { plan_id } }, body })),
  pinVisit: (plan_id: string, body: Body<'/api/v1/dispatch/plans/{plan_id}/pins'>) =>
    answer(client.POST('/api/v1/dispatch/plans/{plan_id}/pins', { params: { path: { plan_id } }, body })),
  lockLane: (plan_id: string, body: Body<'/api/v1/dispatch/plans/{plan_id}/locks'>) =>
    answer(client.POST('/api/v1/dispatch/plans/{plan_id}/locks', { params: { path: { plan_id } }, body })),
  forbidVisit: (plan_id: string, body: Body<'/api/v1/dispatch/plans/{plan_id}/forbids'>) =>
    answer(client.POST('/api/v1/dispatch/plans/{plan_id}/forbids', { params: { path: { plan_id } }, body })),
  handOverVisits: (plan_id: string, body: Body<'/api/v1/dispatch/plans/{plan_id}/hand-over'>) =>
    answer(client.POST('/api/v1/dispatch/plans/{plan_id}/hand-over', { params: { path: { plan_id } }, body })),
  previewFill: (plan_id: string, body: Body<'/api/v1/dispatch/plans/{plan_id}/fill'>) =>
    answer(client.POST('/api/v1/dispatch/plans/{plan_id}/fill', { params: { path: { plan_id } }, body })),
  takeFill: (plan_id: string, body: Body<'/api/v1/dispatch/plans/{plan_id}/fill/take'>) =>
    answer(client.POST('/api/v1/dispatch/plans/{plan_id}/fill/take', { params: { path: { plan_id } }, body })),
  shifts: () => answer(client.GET('/api/v1/dispatch/shifts')),
  enterAbsence: (body: Body<'/api/v1/dispatch/shifts/absences'>) => answer(client.POST('/api/v1/dispatch/shifts/absences', { body })),
  withdrawAbsence: (absence_id: string) => answer(client.POST('/api/v1/dispatch/shifts/absences/withdraw', { body: { absence_id } })),
  saveShiftTemplate: (name: string, days: Body<'/api/v1/dispatch/shifts/templates'>['days']) =>
    answer(client.POST('/api/v1/dispatch/shifts/templates', { body: { name, days } })),
  dropShiftTemplate: (name: string) => answer(client.POST('/api/v1/dispatch/shifts/templates/drop', { body: { name } })),
  setShiftWeek: (body: Body<'/api/v1/dispatch/shifts/weeks'>) => answer(client.POST('/api/v1/dispatch/shifts/weeks', { body })),
  forbiddenVisits: (day: string) => answer(client.GET('/api/v1/dispatch/days/{day}/forbids', { params: { path: { day } } })),
  allowVisitAgain: (day: string, forbidden_id: string) =>
    answer(client.POST('/api/v1/dispatch/days/{day}/forbids/lift', { params: { path: { day } }, body: { forbidden_id } })),
  undoChange: (plan_id: string) =>
    answer(client.POST('/api/v1/dispatch/plans/{plan_id}/undo', { params: { path: { plan_id } } })),
  previewReplan: (day: string, happened: Body<'/api/v1/dispatch/days/{day}/replan'>['happened']) =>
    answer(client.POST('/api/v1/dispatch/days/{day}/replan', { params: { path: { day } }, body: { happened } })),
  takeReplan: (day: string, body: Body<'/api/v1/dispatch/days/{day}/replan/take'>) =>
    answer(client.POST('/api/v1/dispatch/days/{day}/replan/take', { params: { path: { day } }, body })),
  reviews: (wanted: 'waiting' | 'asked' | 'reviewed') => answer(client.GET('/api/v1/reviews', { params: { query: { wanted } } })),
  review: (visit_id: string) => answer(client.GET('/api/v1/visits/{visit_id}/review', { params: { path: { visit_id } } })),
  finishReview: (visit_id: string) => answer(client.POST('/api/v1/visits/{visit_id}/review/finish', { params: { path: { visit_id } } })),
  askAboutVisit: (visit_id: string, body: Body<'/api/v1/visits/{visit_id}/questions'>) =>
    answer(client.POST('/api/v1/visits/{visit_id}/questions', { params: { path: { visit_id } }, body })),
  correctVisit: (visit_id: string, body: CorrectionRequest) =>
    answer(client.POST('/api/v1/visits/{visit_id}/corrections', { params: { path: { visit_id } }, body })),
  confirmCorrection: (correction_id: string) =>
    answer(client.POST('/api/v1/corrections/{correction_id}/confirm', { params: { path: { correction_id } } })),
  declineCorrection: (correction_id: string) =>
    answer(client.POST('/api/v1/corrections/{correction_id}/decline', { params: { path: { correction_id } } })),
  withdrawQuestion: (question_id: string) =>
    answer(client.POST('/api/v1/questions/{question_id}/withdraw', { params: { path: { question_id } } })),
  setReviewShare: (percent: number) => answer(client.POST('/api/v1/reviews/share', { body: { percent } })),
  messages: (day: string) => answer(client.GET('/api/v1/dispatch/days/{day}/messages', { params: { path: { day } } })),
  sendMessage: (day: string, body: Body<'/api/v1/dispatch/days/{day}/messages'>) =>
    answer(client.POST('/api/v1/dispatch/days/{day}/messages', { params: { path: { day } }, body })),
  withdrawMessage: (message_id: string) =>
    answer(client.POST('/api/v1/dispatch/messages/{message_id}/withdraw', { params: { path: { message_id } } })),
  day: (day: string) => answer(client.GET('/api/v1/dispatch/days/{day}', { params: { path: { day } } })),
  /** GeoJSON; its shape is read at the door of the map. */
  mapLayer: (layer: 'streets' | 'comuni') =>
    answer(client.GET('/api/v1/map/{layer}', { params: { path: { layer } }, parseAs: 'json' })),
}

/** Addresses of things that the browser opens or downloads by itself. */
export const link = {
  events: '/api/v1/events',
  basemap: '/api/v1/basemap',
  document: (document_id: string, variant: 'small' | 'full') =>
    `/api/v1/documents/${encodeURIComponent(document_id)}?variant=${variant}`,
  planPaper: (plan_id: string) => `/api/v1/repayment-plans/${encodeURIComponent(plan_id)}/paper`,
  settlementPaper: (settlement_id: string) => `/api/v1/settlements/${encodeURIComponent(settlement_id)}/paper`,
  ownRules: '/api/v1/rules/own',
  receiptPaper: (receipt_id: string) => `/api/v1/receipts/${encodeURIComponent(receipt_id)}/paper`,
  figures: (query: Record<string, string>) => `/api/v1/exports/figures?${new URLSearchParams(query).toString()}`,
  trialBalance: (at: string) => `/api/v1/exports/trial-balance?${new URLSearchParams({ at }).toString()}`,
  statement: (query: Record<string, string>) => `/api/v1/exports/statement?${new URLSearchParams(query).toString()}`,
  commission: (creditor_id: string, number: number) =>
    `/api/v1/exports/commission?${new URLSearchParams({ creditor_id, number: String(number) }).toString()}`,
  rejects: (import_id: string) => `/api/v1/imports/${encodeURIComponent(import_id)}/rejects`,
  creditorAccount: (query: { readonly creditor_id: string; readonly from_on: string; readonly to_on: string; readonly form: 'pdf' | 'xlsx'; readonly language: string }) =>
    `/api/v1/exports/account?${new URLSearchParams(query).toString()}`,
  outgoingFile: (file_id: string) => `/api/v1/outgoing-files/${encodeURIComponent(file_id)}`,
  outcomes: (day: string, creditor_id: string) =>
    `/api/v1/exports/outcomes?${new URLSearchParams({ day, creditor_id }).toString()}`,
}
