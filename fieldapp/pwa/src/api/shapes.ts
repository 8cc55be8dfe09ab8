/** The wire shapes by their own names; the contract itself is generated (`make contract`). */
import type { components } from './contract'

type Schemas = components['schemas']

export type AccountBalance = Schemas['AccountBalance']
export type AddressCandidate = Schemas['AddressCandidate']
export type AddressCard = Schemas['AddressCard']
export type AgencyLicence = Schemas['AgencyLicence']
export type AgentLicence = Schemas['AgentLicence']
export type AgentRow = Schemas['AgentRow']
export type AttemptCard = Schemas['AttemptCard']
export type AuditRow = Schemas['AuditRow']
export type Candidate = Schemas['Candidate']
export type ClockReading = Schemas['ClockReading']
export type CreditorRow = Schemas['CreditorRow']
export type CurvePoint = Schemas['CurvePoint']
export type DayVersion = Schemas['DayVersion']
export type DayView = Schemas['DayView']
export type DebtLineCard = Schemas['DebtLineCard']
export type DemoSignIn = Schemas['DemoSignIn']
export type DeviceRow = Schemas['DeviceRow']
export type RescueRow = Schemas['RescueRow']
export type DocumentCard = Schemas['DocumentCard']
export type DoubtfulAddress = Schemas['DoubtfulAddress']
export type EntryRow = Schemas['EntryRow']
export type Finding = Schemas['Finding']
export type ImportReport = Schemas['ImportReport']
export type LayoutRow = Schemas['LayoutRow']
export type LicencesPage = Schemas['LicencesPage']
export type ObligorCard = Schemas['ObligorCard']
export type PhoneCard = Schemas['PhoneCard']
export type PlanCard = Schemas['PlanCard']
export type PlanProgress = Schemas['PlanProgress']
export type PlanRow = Schemas['PlanRow']
export type PlanStop = Schemas['PlanStop']
export type PlanView = Schemas['PlanView']
export type PostingRow = Schemas['PostingRow']
export type PracticeFile = Schemas['PracticeFile']
export type PracticePage = Schemas['PracticePage']
export type PracticeRow = Schemas['PracticeRow']
export type PromiseRow = Schemas['PromiseRow']
export type ReceiptRow = Schemas['ReceiptRow']
export type Route = Schemas['Route']
export type SettlementRow = Schemas['SettlementRow']
export type RuleChange = Schemas['RuleChange']
export type RuleEdit = Required<Schemas['EditRequest']>
export type RuleParameter = Schemas['RuleParameter']
export type RuleRow = Schemas['RuleRow']
export type RulesPage = Schemas['RulesPage']
export type RulesPreview = Schemas['RulesPreview']
export type RulesVersion = Schemas['RulesVersion']
export type SignedIn = Schemas['SignedIn']
export type TaskRow = Schemas['TaskRow']
export type TermsCard = Schemas['TermsCard']
export type TermsRow = Schemas['TermsRow']
export type TimelineItem = Schemas['TimelineItem']
export type TrialBalance = Schemas['TrialBalance']
export type Unplanned = Schemas['Unplanned']
export type VisitRow = Schemas['VisitRow']
export type Role = SignedIn['person']['role']

/** What the stream of events carries: a fact's name and whom it concerns. Not part of the OpenAPI document. */
export interface OfficeEvent {
  readonly number: number
  readonly kind: string
  readonly practice_id: string | null
  readonly day: string | null
}
