/** Language models and what serves them; databases as a service. */
import { looksGenerated } from '../../randomness.ts'
import type { Rule } from '../../rule.ts'
import { word } from '../word.ts'

export const dataAndAiTokens: readonly Rule[] = [
  {
    // https://platform.openai.com: `T3BlbkFJ` is "OpenAI" in base64 and stands in the middle of every key.
    name: 'openai-key',
    kind: 'vendor_token',
    keywords: ['t#blbkfj', 'sk-proj-', 'sk-svcacct-', 'sk-admin-'],
    pattern: word`sk-(?:[a-z]{4,10}-)?[\w-]{20,160}T3BlbkFJ[\w-]{20,160}|sk-(?:proj|svcacct|admin)-[\w-]{40,200}`,
    check: looksGenerated,
  },
  {
    name: 'anthropic-key',
    kind: 'vendor_token',
    keywords: ['sk-ant-'],
    pattern: word`sk-ant-[a-z]{2,6}\d{2}-[\w-]{80,120}`,
    check: looksGenerated,
  },
  {
    // https://huggingface.co/docs/hub/security-tokens
    name: 'huggingface-token',
    kind: 'huggingface_token',
    keywords: ['hf_', 'api_org_'],
    pattern: word`(?:hf|api_org)_[A-Za-z0-9]{34,40}`,
    check: looksGenerated,
  },
  {
    name: 'model-service-key',
    kind: 'vendor_token',
    keywords: [
      'pplx-',
      'gsk_',
      'xai-',
      'r#_',
      'sk-or-',
      'nvapi-',
      'pcsk_',
      'lsv#_',
      'tgp_v#_',
      'csk-',
      'jina_',
      'tvly-',
      'fc-',
      'sk-lf-',
      'flp_',
      'rpa_',
      'fw_',
      'pa-',
    ],
    // Perplexity, Groq, xAI, Replicate, OpenRouter, NVIDIA, Pinecone, LangSmith, Together, Cerebras, Jina, Tavily,
    // Firecrawl, Langfuse, FriendliAI, RunPod, Fireworks, Voyage.
    pattern: word`pplx-[A-Za-z0-9]{48}|gsk_[A-Za-z0-9]{52}|xai-[A-Za-z0-9]{80}|r8_[A-Za-z0-9]{37}|sk-or-v1-[a-f0-9]{64}|nvapi-[\w-]{60,70}|pcsk_[A-Za-z0-9_]{60,80}|lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}|tgp_v1_[\w-]{43}|csk-[a-z0-9]{48}|jina_[a-f0-9]{32}[\w-]{20,40}|tvly-(?:dev-|prod-)?[A-Za-z0-9]{32}|fc-[a-f0-9]{32}|sk-lf-[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}|flp_[A-Za-z0-9]{44,50}|rpa_[A-Z0-9]{40,50}[a-z0-9]{0,8}|fw_[A-Za-z0-9]{22,26}|pa-[\w-]{43}`,
    check: looksGenerated,
  },
  {
    // https://planetscale.com/docs: passwords, service and OAuth tokens
    name: 'planetscale-token',
    kind: 'vendor_token',
    keywords: ['pscale_'],
    pattern: word`pscale_(?:tkn|pw|oauth)_[\w=.-]{32,64}`,
    check: looksGenerated,
  },
  {
    name: 'database-service-key',
    kind: 'vendor_token',
    keywords: ['sbp_', 'sb_secret_', 'napi_', 'avns_', 'mdb_sa_sk_', 'ccdb#_', '#b#d', 'fnae'],
    // Supabase, Neon, Aiven, MongoDB Atlas, CockroachDB, ClickHouse Cloud, Fauna.
    pattern: word`sbp_(?:v0_)?[a-f0-9]{40}|sb_secret_[\w-]{22,40}|napi_[a-z0-9]{64}|AVNS_[\w-]{16,30}|mdb_sa_sk_[\w-]{40}|CCDB1_[A-Za-z0-9]{22}_[A-Za-z0-9]{40}|4b1d[A-Za-z0-9]{38}|fnAE[\w-]{36}`,
    check: looksGenerated,
  },
  {
    name: 'map-token',
    kind: 'vendor_token',
    keywords: ['k.eyj'],
    // https://docs.mapbox.com/help/dive-deeper/access-tokens/: public, secret, temporary
    pattern: word`[pst]k\.eyJ[A-Za-z0-9_-]{40,200}\.[A-Za-z0-9_-]{20,40}`,
  },
]
