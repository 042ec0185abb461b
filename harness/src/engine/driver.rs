//! Somebody who gives a stack something to do, beside the steps of a plan.

use crate::address::Resolve;
use async_trait::async_trait;

/// Drives a stack that is up, and returns when that is over.
#[async_trait]
pub trait Driver: Send + Sync {
    /// Called once. What is asked at the addresses that `resolve` gives is in the history, as calls of the workload.
    async fn drive(&self, resolve: Resolve<'_>);
}
