//! The parts of shakedown: it starts a stack, breaks it, keeps one history, and judges it.
//!
//! This library knows no Gherkin and no particular stack. Imports point downwards:
//!
//! 1. words: [`duration`], [`size`], [`seed`], [`verdict`], [`problem`], [`address`], [`host`], [`count`]
//! 2. data: [`expression`], [`stack`], [`plan`], [`history`], [`secret`]
//! 3. parts: [`gateway`], [`runtime`], [`fault`], [`entity`], [`invariant`], [`observe`], [`workload`],
//!    [`export`], [`double`]
//! 4. [`engine`], then [`invocation`], then [`audit`], [`doctor`] and [`draft`]
//! 5. [`report`]
//!
//! The parts do not know each other, except that all may speak the gateway's protocol and that invariants
//! and exports speak about entities; the engine ties them together.

pub mod address;
pub mod audit;
pub mod count;
pub mod doctor;
pub mod double;
pub mod draft;
pub mod duration;
pub mod engine;
pub mod entity;
pub mod export;
pub mod expression;
pub mod fault;
pub mod gateway;
pub mod history;
pub mod host;
pub mod invariant;
pub mod invocation;
pub mod observe;
pub mod plan;
pub mod problem;
pub mod report;
pub mod runtime;
pub mod secret;
pub mod seed;
pub mod size;
pub mod stack;
pub mod verdict;
pub mod workload;
