/** Whether a stream brings what happens, is being opened, or has nothing more to tell. */
export type StreamState = 'connecting' | 'live' | 'ended'
