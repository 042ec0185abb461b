//! How a connection is known to speak HTTP/2.

use super::trunk;
use crate::gateway::callee::{self, Callee};
use crate::gateway::raw::{self, READ_BYTES};
use crate::gateway::session::{self, Before, Session};
use crate::gateway::wire::Wire;
use bytes::{Buf, BytesMut};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What a client says first.
pub(in crate::gateway) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Why a connection that began with it has no calls.
pub(in crate::gateway) const REFUSED: &str = "the callee does not answer in HTTP/2";
/// The length of a frame's head.
const FRAME_HEAD_BYTES: usize = 9;
/// The length of one setting.
const SETTING_BYTES: usize = 6;
/// The longest frame that a side may send before it was allowed longer ones.
const FRAME_BYTES: usize = 16 * 1024;
/// The most that is taken from a caller before it is known whether its callee understands it.
const EARLY_BYTES: usize = 64 * 1024;

/// Whether a caller's bytes begin with HTTP/2's preface; `None`: more of them are needed to tell.
pub(in crate::gateway) fn begins(bytes: &[u8]) -> Option<bool> {
    let length = bytes.len().min(PREFACE.len());
    match bytes[..length] == PREFACE[..length] {
        true if length < PREFACE.len() => None,
        same => Some(same),
    }
}

/// Whether a callee's bytes begin like HTTP/2, with a frame of settings; `None`: more of them are needed to tell.
pub(in crate::gateway) fn answers(bytes: &[u8]) -> Option<bool> {
    const SETTINGS: u8 = 4;
    const ACK: u8 = 1;
    let fits = bytes.iter().take(FRAME_HEAD_BYTES).enumerate();
    let fits = fits.into_iter().all(|(at, byte)| match at {
        0 => *byte == 0,
        3 => *byte == SETTINGS,
        4 => byte & ACK == 0,
        // The highest bit of a stream's number has no meaning.
        5 => byte & 0x7f == 0,
        6.. => *byte == 0,
        _ => true,
    });
    match (fits, bytes) {
        (true, [_, high, low, _, _, _, _, _, _, ..]) => {
            let length = usize::from(u16::from_be_bytes([*high, *low]));
            Some(length <= FRAME_BYTES && length % SETTING_BYTES == 0)
        }
        (true, _) => None,
        (false, _) => Some(false),
    }
}

impl Session {
    /// Serves a connection on which the caller has said HTTP/2's preface, to its end. A callee that was not seen to speak
    /// HTTP/2 yet has to answer it first: what it says instead reaches the caller as it is.
    pub(in crate::gateway) async fn http2(mut self) {
        let known = self.state.speaks_http2(&self.link.service, self.link.port);
        if known {
            return trunk::serve(self, false).await;
        }
        if self.callee.is_none() {
            self.callee = callee::connect(&self.state, &self.link).await.ok();
        }
        // One that cannot be reached is told request by request.
        let Some(callee) = &mut self.callee else {
            return trunk::serve(self, false).await;
        };
        let proved = prove(
            callee,
            &mut self.from_callee,
            &mut self.caller,
            &mut self.from_caller,
        );
        match proved.await {
            Ok(true) => {
                self.state.spoke_http2(&self.link.service, self.link.port);
                trunk::serve(self, true).await
            }
            Ok(false) => {
                self.from_caller.advance(PREFACE.len());
                self.raw(Before::Preface).await
            }
            Err(error) => {
                tracing::debug!(%error, link = ?self.link, "broke before it spoke HTTP/2");
                raw::reset(&callee.stream);
                self.caller.reset();
                let pumped = raw::Pumped {
                    sent: PREFACE.len() as u64,
                    received: 0,
                };
                let reason = Some(REFUSED.to_owned());
                session::streamed(&self.state, self.link, pumped, None, reason)
            }
        }
    }
}

/// Says the preface to a callee and waits for what it says to that. Whether that is HTTP/2; not if either side closes
/// before.
async fn prove(
    callee: &mut Callee,
    from_callee: &mut BytesMut,
    caller: &mut Wire,
    from_caller: &mut BytesMut,
) -> io::Result<bool> {
    callee.stream.write_all(PREFACE).await?;
    loop {
        if let Some(speaks) = answers(from_callee) {
            return Ok(speaks);
        }
        from_callee.reserve(READ_BYTES);
        from_caller.reserve(READ_BYTES);
        let read = tokio::select! {
            read = callee.stream.read_buf(from_callee) => read?,
            read = caller.read_buf(from_caller), if from_caller.len() < EARLY_BYTES => read?,
        };
        if read == 0 {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_s_preface_is_known_by_all_of_its_bytes() {
        for length in 0..PREFACE.len() {
            assert_eq!(begins(&PREFACE[..length]), None);
            assert_eq!(begins(&[&PREFACE[..length], b"x"].concat()), Some(false));
        }
        assert_eq!(begins(PREFACE), Some(true));
        assert_eq!(begins(&[PREFACE, b"\0\0\0"].concat()), Some(true));
        assert_eq!(begins(b"POST / HTTP/1.1\r\n"), Some(false));
    }

    #[test]
    fn a_callee_s_settings_are_known_by_the_head_of_their_frame() {
        let check = |bytes: &[u8], expected| assert_eq!(answers(bytes), expected, "{bytes:?}");
        let settings = [0, 0, 12, 4, 0, 0, 0, 0, 0, 0, 3];
        for length in 0..FRAME_HEAD_BYTES {
            check(&settings[..length], None);
        }
        check(&settings[..FRAME_HEAD_BYTES], Some(true));
        check(&settings, Some(true));
        check(&[0, 0, 0, 4, 0, 0x80, 0, 0, 0], Some(true));
        check(&[0, 0, 0, 4, 1, 0, 0, 0, 0], Some(false));
        check(&[0, 0, 7, 4, 0, 0, 0, 0, 0], Some(false));
        check(&[0, 0xff, 0xf0, 4, 0, 0, 0, 0, 0], Some(false));
        check(&[0, 0, 0, 4, 0, 0, 0, 0, 1], Some(false));
        check(&[0, 0, 0, 0, 0, 0, 0, 0, 0], Some(false));
        check(b"HTTP/1.1 400 Bad Request", Some(false));
        check(b"HTTP", Some(false));
        check(b"220 welcome", Some(false));
        // How MySQL greets.
        check(&[0x4a, 0, 0, 0, 0x0a], Some(false));
    }
}
