//! What is told of a request that nothing is for.

use super::folder::Folder;
use super::request::Request;
use super::scenarios::Scenarios;
use super::stub::Stub;

/// So many of the nearest are told.
const TOLD: usize = 3;

/// The request, and what of it the nearest mappings would have had otherwise.
pub(super) fn text(folder: &Folder, scenarios: &Scenarios, request: &Request) -> String {
    let told = format!("{} {}", request.method, request.url);
    let mut near: Vec<(usize, f64, String)> = Vec::new();
    let mut add = |name: String, misses: Vec<String>, pattern: &super::pattern::Pattern| {
        let like = strsim::jaro_winkler(&told, &pattern.told());
        near.push((
            misses.len(),
            like,
            format!("  {name}\n    differs in {}\n", misses.join(", ")),
        ));
    };
    for stub in &folder.stubs {
        let mut misses = stub.pattern.misses(request);
        misses.extend(waits(stub, scenarios));
        add(stub.told(), misses, &stub.pattern);
    }
    for operation in &folder.operations {
        let polls = operation.poll.iter().map(|poll| &poll.pattern);
        for pattern in std::iter::once(&operation.begin).chain(polls) {
            let name = format!("{} of {}", pattern.told(), operation.told());
            add(name, pattern.misses(request), pattern);
        }
    }
    // The likest first: a mapping for another address may miss as little as one for this.
    near.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let near = near.into_iter().take(TOLD).map(|(_, _, text)| text);
    let near: String = near.collect();
    format!("no mapping is for {told}\nnearest:\n{near}")
}

/// The state that a mapping waits for.
fn waits(stub: &Stub, scenarios: &Scenarios) -> Option<String> {
    let scenario = stub.scenario.as_ref()?;
    let (needs, state) = (scenario.needs.as_ref()?, scenarios.state(&scenario.name));
    (*needs != state).then(|| {
        format!(
            "scenario: `{}` is in `{state}`, not `{needs}`",
            scenario.name
        )
    })
}
