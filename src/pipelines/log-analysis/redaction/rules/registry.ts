/** Every rule. Where two find the same place, the one that stands earlier names it. */
import type { Rule } from '../rule.ts'
import { assignmentRules } from './assignments.ts'
import { headerRules } from './headers.ts'
import { moneyRules } from './money.ts'
import { vendorNameRules } from './named-by-vendor.ts'
import { networkRules } from './network.ts'
import { personalRules } from './personal.ts'
import { saidRules } from './said.ts'
import { cloudTokens } from './tokens/cloud.ts'
import { dataAndAiTokens } from './tokens/data-and-ai.ts'
import { developmentTokens } from './tokens/development.ts'
import { genericTokens } from './tokens/generic.ts'
import { messagingTokens } from './tokens/messaging.ts'
import { monitoringTokens } from './tokens/monitoring.ts'
import { paymentTokens } from './tokens/payments.ts'
import { secretStoreTokens } from './tokens/secret-stores.ts'

export const rules: readonly Rule[] = [
  // Whose a token is says most; then that it is one, then what it is assigned to.
  ...cloudTokens,
  ...secretStoreTokens,
  ...developmentTokens,
  ...messagingTokens,
  ...paymentTokens,
  ...monitoringTokens,
  ...dataAndAiTokens,
  ...genericTokens,
  ...headerRules,
  ...assignmentRules,
  ...saidRules,
  ...vendorNameRules,
  ...moneyRules,
  ...personalRules,
  ...networkRules,
]
