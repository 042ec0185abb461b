//! How a callee is known to understand HTTP/2, before a caller's preface passes on.

use super::preface::{PREFACE, answers};
use super::trunk;
use crate::gateway::callee::{self, Callee};
use crate::gateway::passing::Passed;
use crate::gateway::raw::{self, READ_BYTES};
use crate::gateway::session::{Before, Session};
use crate::gateway::wire::Wire;
use bytes::{Buf, BytesMut};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Why a connection that began with it has no calls.
pub(in crate::gateway) const REFUSED: &str = "the callee does not answer in HTTP/2";
/// The most that is taken from a caller before it is known whether its callee understands it.
const EARLY_BYTES: usize = 64 * 1024;

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
                let reason = Some(REFUSED.to_owned());
                let passing = self.state.passing.open(self.link, None, reason);
                Passed::add(&passing.passed.sent, PREFACE.len());
                self.state.passed(&passing);
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
