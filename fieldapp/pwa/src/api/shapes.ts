/** The wire shapes by their own names; the contract itself is generated (`make contract`). */
import type { components } from './contract'

type Schemas = components['schemas']

export type AccountBalance = Schemas['AccountBalance']
export type AccountStatement = Schemas['AccountStatement']
export type AddressCandidate = Schemas['AddressCandidate']
export type AddressCard = Schemas['AddressCard']
export type AgencyLicence = Schemas['AgencyLicence']
export type AgentLicence = Schemas['AgentLicence']
export type AgentRow = Schemas['AgentRow']
export type Learning = Schemas['Learning']
export type AllocationPreview = Schemas['AllocationPreview']
export type AnnouncedTransfer = Schemas['AnnouncedTransfer']
export type AppointmentOffers = Schemas['AppointmentOffers']
export type AppointmentOffer = Schemas['Offer']
export type AppointmentRow = Schemas['AppointmentRow']
export type AppointmentEnded = Schemas['AppointmentEnded']
export type AppointmentTaken = Schemas['AppointmentTaken']
export type AttemptCard = Schemas['AttemptCard']
export type AuditRow = Schemas['AuditRow']
export type BoardChange = Schemas['BoardChange']
export type BoardLane = Schemas['BoardLane']
export type BoardView = Schemas['BoardView']
export type BulkChoice = Schemas['BulkChoice']
export type BulkPractice = Schemas['BulkPractice']
export type BulkReason = Schemas['BulkReason']
export type BulkRequest = Schemas['BulkRequest']
export type BulkView = Schemas['BulkView']
export type Candidate = Schemas['Candidate']
export type CashDesk = Schemas['CashDesk']
export type RefusedReportFile = Schemas['RefusedReportFile']
export type RefusedPayment = Schemas['RefusedPayment']
export type RefusedMoneyRow = Schemas['RefusedMoneyRow']
export type ClockReading = Schemas['ClockReading']
export type ContactLog = Schemas['ContactLog']
export type CounterPreview = Schemas['CounterPreview']
export type CounterTaken = Schemas['CounterTaken']
export type CreditorRow = Schemas['CreditorRow']
export type CurvePoint = Schemas['CurvePoint']
export type DaySums = Schemas['DaySums']
export type DayMessages = Schemas['DayMessages']
export type DayVersion = Schemas['DayVersion']
export type DayView = Schemas['DayView']
export type DebtLineCard = Schemas['DebtLineCard']
export type DebtorPair = Schemas['DebtorPair']
export type DebtorSide = Schemas['DebtorSide']
export type DemoSignIn = Schemas['DemoSignIn']
export type DeviceRow = Schemas['DeviceRow']
export type RescueRow = Schemas['RescueRow']
export type DocumentCard = Schemas['DocumentCard']
export type AddressStep = Schemas['AddressStep']
export type CompletedAddress = Schemas['CompletedAddress']
export type DoubtfulAddress = Schemas['DoubtfulAddress']
export type EntryRow = Schemas['EntryRow']
export type Finding = Schemas['Finding']
export type StaleDay = Schemas['StaleDay']
export type StaleVisit = Schemas['StaleVisit']
export type AgencyDetails = Schemas['AgencyDetails']
export type CreditorDetails = Schemas['CreditorDetails']
export type CreditorEntry = Schemas['CreditorEntry']
export type FirstStep = Schemas['FirstStep']
export type HousePage = Schemas['HousePage']
export type PersonRow = Schemas['PersonRow']
export type LetIn = Schemas['LetIn']
export type PlanningNote = Schemas['PlanningNoteRow']
export type Forbidden = Schemas['Forbidden']
export type Happened = Schemas['Happened']
export type ImportReport = Schemas['ImportReport']
export type LayoutDraft = Schemas['LayoutDraft']
export type LayoutPreview = Schemas['LayoutPreview']
export type LayoutProposal = Schemas['LayoutProposal']
export type LayoutRow = Schemas['LayoutRow']
export type LicencesPage = Schemas['LicencesPage']
export type MessageCopyRow = Schemas['MessageCopyRow']
export type MessageRow = Schemas['MessageRow']
export type ObligorCard = Schemas['ObligorCard']
export type PadHolder = Schemas['PadHolder']
export type PadRow = Schemas['PadRow']
export type PadsDesk = Schemas['PadsDesk']
export type PaymentUnderWay = Schemas['PaymentUnderWay']
export type PhoneCard = Schemas['PhoneCard']
export type PlanCard = Schemas['PlanCard']
export type PlanProgress = Schemas['PlanProgress']
export type PlanRow = Schemas['PlanRow']
export type PlanStop = Schemas['PlanStop']
export type PlanView = Schemas['PlanView']
export type PostingRow = Schemas['PostingRow']
export type PracticeFile = Schemas['PracticeFile']
export type PracticeChoices = Schemas['PracticeChoices']
export type PracticePage = Schemas['PracticePage']
export type PracticeRow = Schemas['PracticeRow']
export type PromiseRow = Schemas['PromiseRow']
export type Purse = Schemas['Purse']
export type CorrectionRequest = Schemas['CorrectionRequest']
export type CorrectionRow = Schemas['CorrectionRow']
export type QuestionRow = Schemas['QuestionRow']
export type ReceiptRow = Schemas['ReceiptRow']
export type ReplanChange = Schemas['ReplanChange']
export type ReplanView = Schemas['ReplanView']
export type Route = Schemas['Route']
export type SettlementRow = Schemas['SettlementRow']
export type RuleChange = Schemas['RuleChange']
export type RuleEdit = Required<Schemas['EditRequest']>
export type RuleParameter = Schemas['RuleParameter']
export type RuleRow = Schemas['RuleRow']
export type RulesPage = Schemas['RulesPage']
export type RulesPreview = Schemas['RulesPreview']
export type RulesVersion = Schemas['RulesVersion']
export type SeriesRow = Schemas['SeriesRow']
export type SignedIn = Schemas['SignedIn']
export type SlipRow = Schemas['SlipRow']
export type TaskCount = Schemas['TaskCount']
export type TaskRow = Schemas['TaskRow']
export type ClosingPreview = Schemas['ClosingPreview']
export type ClosingRow = Schemas['ClosingRow']
export type CommissionPage = Schemas['CommissionPage']
export type ShareRow = Schemas['ShareRow']
export type TermsCard = Schemas['TermsCard']
export type PaymentOrders = Schemas['PaymentOrders']
export type TermsRow = Schemas['TermsRow']
export type TimelineItem = Schemas['TimelineItem']
export type SavedViewRow = Schemas['SavedViewRow']
export type Colleague = Schemas['Colleague']
export type FigureCells = Schemas['FigureCells']
export type FigurePractices = Schemas['FigurePractices']
export type FigureBasis = Schemas['FigureBasis']
export type FiguresPage = Schemas['FiguresPage']
export type TrialBalance = Schemas['TrialBalance']
export type Shifts = Schemas['Shifts']
export type Squads = Schemas['Squads']
export type Unplanned = Schemas['Unplanned']
export type PlaceRow = Schemas['PlaceRow']
export type VisitRow = Schemas['VisitRow']
export type ReviewFile = Schemas['ReviewFile']
export type ReviewPage = Schemas['ReviewPage']
export type ReviewRow = Schemas['ReviewRow']
export type Role = SignedIn['person']['role']

/** What the stream of events carries: a fact's name and whom it concerns. Not part of the OpenAPI document. */
export interface OfficeEvent {
  readonly number: number
  readonly kind: string
  readonly practice_id: string | null
  readonly day: string | null
}

/** Who else has a day open, in the same stream, for whoever plans: all of them each time. */
export interface Looking {
  readonly colleagues: readonly Looker[]
}
export interface Looker {
  readonly person_id: string
  readonly name: string
  readonly day: string
  /** null: the published day. */
  readonly plan_id: string | null
  /** The lane that is chosen, or over which a visit is carried. */
  readonly agent_id: string | null
  readonly carries: boolean
}

/** How today runs, in the same stream: the whole day at first, then the lanes that changed; always every alert. */
export interface RunningDay {
  readonly day: string
  readonly version: number
  readonly as_of: string
  readonly lanes: readonly RunningLane[]
  readonly alerts: readonly DayAlert[]
}
export interface RunningLane {
  readonly agent_id: string
  readonly behind_s: number
  readonly stops: readonly ExpectedStop[]
  readonly begun: readonly BegunVisit[]
  /** Visits made outside the plan so far; a service of the version before says nothing of them. */
  readonly outside?: number
}
export interface BegunVisit {
  readonly stop_id: string
  readonly state: 'arrived' | 'done'
  readonly outcome: string | null
}
export interface ExpectedStop {
  readonly stop_id: string
  readonly arrive_at: string
  readonly leave_at: string
  readonly late_s: number
  readonly missed: boolean
}
export interface DayAlert {
  readonly kind: 'in_danger' | 'must_missed' | 'away' | 'late' | 'cash_over' | 'envelope_refused'
  readonly agent_id: string | null
  readonly agent_name: string
  readonly at: string | null
  readonly stop_id: string | null
  readonly debtor_name: string | null
  readonly late_s: number
  readonly missed: number
  readonly code: string | null
  readonly task_id: string | null
}
export type FactScope = Schemas['FactScope']
export type WriteScope = Schemas['WriteScope']
export type ServiceAccountRow = Schemas['ServiceAccountRow']
export type WebhookDelivery = Schemas['DeliveryRow']
export type ExportPlan = Schemas['ExportPlanRow']
export type ExportPreview = Schemas['ExportPreview']
export type ExportRequest = Schemas['ExportRequest']
export type HostKey = Schemas['HostKey']
export type OutgoingFile = Schemas['OutgoingFileRow']
export type ToldPage = Schemas['ToldPage']
export type ToldRow = Schemas['ToldRow']
export type WebhookRow = Schemas['WebhookRow']
