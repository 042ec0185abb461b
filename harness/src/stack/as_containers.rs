//! What a stack asks for that cannot be had where its services run in containers.

use super::{Evidence, Service, Stack};
use crate::problem::{Problem, Problems};

impl Stack {
    /// One mistake for each rule that asks a database by SQL which nobody can reach in its container: known before
    /// anything is started there.
    pub fn mistakes_in_containers(&self) -> Problems {
        let mut problems = Problems::default();
        for rule in self.entities.values().flat_map(|entity| &entity.learn) {
            let Evidence::Sql { on, .. } = &rule.evidence else {
                continue;
            };
            if self
                .services
                .get(on)
                .is_some_and(|service| !reached(service))
            {
                let help = "play it with `--runtime process`, learn it from a call or a poll, or use a database that listens";
                let what = format!("in containers, {}", self.no_sql(on));
                problems.push(Problem::at(&rule.place, what).help(help));
            }
        }
        problems
    }

    /// Why a service cannot be asked by SQL from without its container.
    pub(crate) fn no_sql(&self, on: &str) -> String {
        let service = self.services.get(on);
        match service.and_then(|service| service.sql.as_ref()) {
            Some(url) => format!(
                "service `{on}` has its database in a file of its own (`{url}`), which nobody else can read"
            ),
            None => format!(
                "service `{on}` cannot be asked by SQL: `x-shakedown.process.sql` says it for local processes alone"
            ),
        }
    }
}

/// What keeps stacks that are played together out of containers, where nothing keeps them from running as local processes.
pub fn local_alone<'s>(stacks: impl Iterator<Item = &'s Stack> + Clone) -> Option<String> {
    let mut barred = stacks.clone();
    let barred = barred.find_map(|stack| stack.mistakes_in_containers().0.pop())?;
    let mut stacks = stacks;
    let sound = stacks.all(|stack| stack.mistakes_as_processes().0.is_empty());
    sound.then_some(barred.what)
}

/// Whether its database listens somewhere.
fn reached(service: &Service) -> bool {
    let url = service.sql.as_ref();
    url.is_some_and(|url| !url.starts_with("sqlite:"))
}
