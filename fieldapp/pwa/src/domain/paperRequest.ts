/** A paper that the debtor wants sent by the office. Twin of `PaperRequest` in `domain/told.py`; golden cases hold both. */
export const SEND_BY = ['email', 'pec', 'post'] as const
export type SendBy = (typeof SEND_BY)[number]
export type Paper = 'receipt' | 'transfer_memo' | 'bulletin_memo' | 'link_memo' | 'repayment_plan' | 'settlement'

const MAILBOX = /^[^\s@,;<>"]{1,64}@[^\s@,;<>"]+\.[^\s@,;<>".]{2,}$/
const POSTAL = /^(?=[^]*\d)[^]{10,}$/

/** Whether something could arrive there: a mailbox, or a postal address with a number in it. */
export const usable = (channel: SendBy, address: string): boolean =>
  (channel === 'post' ? POSTAL : MAILBOX).test(address.trim()) && address.length <= 200
