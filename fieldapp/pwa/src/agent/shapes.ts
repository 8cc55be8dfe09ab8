/** The wire shapes that a phone reads, by their own names; the contract itself is generated. */
import type { components } from '../api/contract'

type Schemas = components['schemas']

export type AddressCard = Schemas['AddressCard']
export type AgencyCard = Schemas['AgencyCard']
export type ClockReading = Schemas['ClockReading']
export type CreditorCard = Schemas['CreditorCard']
export type DayBundle = Schemas['DayBundle']
export type DebtLineCard = Schemas['DebtLineCard']
export type DemoSignIn = Schemas['DemoSignIn']
export type DocumentCard = Schemas['DocumentCard']
export type Enrolment = Schemas['Enrolment']
export type MessageCard = Schemas['MessageCard']
export type PadNumbers = Schemas['PadNumbers']
export type PersonCard = Schemas['PersonCard']
export type PhoneCard = Schemas['PhoneCard']
export type PracticeCard = Schemas['PracticeCard']
export type SignedIn = Schemas['SignedIn']
export type QuestionCard = Schemas['QuestionCard']
export type StopCard = Schemas['StopCard']
export type PurseCard = Schemas['PurseCard']
