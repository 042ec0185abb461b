//! The parts of shakedown: it starts a stack, breaks it, keeps one history, and judges it.
//!
//! This library knows no Gherkin and no particular stack. Imports point downwards:
//!
//! 1. words: [`duration`], [`seed`], [`verdict`], [`problem`]
//! 2. data: [`expression`], [`stack`], [`plan`], [`history`]
//! 3. parts: [`gateway`], [`runtime`], [`fault`], [`entity`], [`invariant`], [`observe`], [`workload`]
//! 4. [`engine`], and above it [`report`]
//!
//! The parts do not know each other; the engine ties them together.

pub mod duration;
pub mod expression;
pub mod fault;
pub mod gateway;
pub mod history;
pub mod plan;
pub mod problem;
pub mod runtime;
pub mod seed;
pub mod stack;
pub mod verdict;
