//! WireMock's scenarios: named states that requests move on.

use super::stub::{STARTED, Scenario, Stub};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The state of each scenario.
#[derive(Default)]
pub(super) struct Scenarios(Mutex<HashMap<String, String>>);

impl Scenarios {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first of these whose scenario is in its state; its scenario moves on. No other request comes between.
    pub fn first<'s>(&self, mut stubs: impl Iterator<Item = &'s Stub>) -> Option<&'s Stub> {
        let mut states = self.lock();
        let found = stubs.find(|stub| {
            stub.scenario
                .as_ref()
                .is_none_or(|one| awaits(&states, one))
        });
        if let Some(Scenario {
            name,
            next: Some(next),
            ..
        }) = found.and_then(|stub| stub.scenario.as_ref())
        {
            states.insert(name.clone(), next.clone());
        }
        found
    }

    /// The state of a scenario.
    pub fn state(&self, name: &str) -> String {
        self.lock()
            .get(name)
            .map_or(STARTED, String::as_str)
            .to_owned()
    }

    /// All begin again.
    pub fn reset(&self) {
        self.lock().clear();
    }
}

fn awaits(states: &HashMap<String, String>, scenario: &Scenario) -> bool {
    let state = states.get(&scenario.name).map_or(STARTED, String::as_str);
    scenario.needs.as_ref().is_none_or(|needs| needs == state)
}
