//! What a fault waited for, that came only when the fault was over.

use super::{Fact, Stop};
use crate::count::times;
use crate::duration::seconds;

/// Something that a fault may wait for.
#[derive(Clone, Copy)]
pub enum Came<'a> {
    /// A call was asked, or answered.
    Call(&'a Stop),
    /// Something was learnt about an entity.
    Fact(&'a Fact),
}

/// How often it came too late, and when first.
#[derive(Default)]
pub(super) struct Late {
    count: u64,
    first_ns: u64,
}

impl Late {
    /// It came, so many nanoseconds after the run began.
    pub fn see(&mut self, at_ns: u64) {
        if self.count == 0 {
            self.first_ns = at_ns;
        }
        self.count += 1;
    }

    /// Whether it came.
    pub fn came(&self) -> bool {
        self.count > 0
    }

    /// That it came, if it did.
    pub fn words(&self) -> Option<String> {
        let first = seconds(self.first_ns);
        let came = match self.count {
            0 => return None,
            1 => format!("once, at +{first},"),
            count => format!("{}, first at +{first},", times(count)),
        };
        Some(format!(
            "but it came {came} after the faults were healed: let a step wait for it, such as `every ENTITY is final \
             within 30s`"
        ))
    }
}
