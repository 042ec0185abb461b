//! The secrets that a stack's own files name, and those of this program's environment.

use super::{Names, Secrets, spelling, url};
use crate::expression::Expression;
use crate::stack::{Entity, Evidence, Image, Service, Source, Stack};
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;

/// A file of `secrets` that is longer has more than a secret.
const MAX_FILE_BYTES: u64 = 64 * 1024;
/// Where Compose puts what it calls a secret.
const MOUNTED: &str = "/run/secrets/";

impl Secrets {
    /// Those that are known before a stack starts: what its variables, build arguments, options and URLs name, the files
    /// of `secrets`, and what this program's own environment names.
    pub fn of(stack: &Stack) -> Secrets {
        let secrets = Secrets::new(Names::new(&stack.secrets), words(stack));
        for (name, value) in std::env::vars_os() {
            if let (Some(name), Some(value)) = (name.to_str(), value.to_str()) {
                secrets.variable(name, value);
            }
        }
        for service in stack.services.values() {
            secrets.service(service);
        }
        for mutant in stack.mutants.values() {
            secrets.variables(mutant.environment.iter());
        }
        for url in urls(stack) {
            secrets.url(url);
        }
        secrets.begin();
        secrets
    }

    fn service(&self, service: &Service) {
        let process = service.process.iter();
        self.variables(service.environment.iter());
        self.variables(process.clone().flat_map(|process| &process.environment));
        if let Image::Named {
            build: Some(build), ..
        } = &service.image
        {
            self.variables(build.args.iter());
        }
        let own = process.clone().map(|process| &process.command);
        let commands = service.command.iter().chain(&service.entrypoint).chain(own);
        commands.for_each(|command| self.options(command));
        let sql = process.filter_map(|process| process.sql.as_ref());
        sql.chain(&service.sql).for_each(|url| self.url(url));
        for mount in &service.mounts {
            if mount.target.starts_with(MOUNTED)
                && let Some(content) = content(&mount.source)
            {
                self.value(content.trim());
            }
        }
    }

    fn variables<'v>(&self, variables: impl Iterator<Item = (&'v String, &'v String)>) {
        variables.for_each(|(name, value)| self.variable(name, value));
    }

    fn variable(&self, name: &str, value: &str) {
        match self.names.variable(name) {
            true => self.value(value),
            false => self.url(value),
        }
    }

    /// `--password=x`, `--password x`, and the passwords of URLs.
    fn options(&self, command: &[String]) {
        for (i, word) in command.iter().enumerate() {
            let Some(option) = word.strip_prefix('-') else {
                self.url(word);
                continue;
            };
            match option.split_once('=') {
                Some((name, value)) => self.variable(name, value),
                None if self.names.variable(option) => {
                    let next = command.get(i + 1).filter(|next| !next.starts_with('-'));
                    next.iter().for_each(|value| self.value(value));
                }
                None => {}
            }
        }
    }

    fn value(&self, value: &str) {
        if !value.is_empty() {
            self.url(value);
            self.learn(value);
        }
    }

    fn url(&self, text: &str) {
        for (user, password) in url::logins(text) {
            self.learn(&password);
            self.learn(&spelling::basic(&user, &password));
        }
        for (_, value) in super::field::parameters(text, &self.names) {
            self.learn_if_searched(&value);
        }
    }
}

/// What a service finds in a file of `secrets`, if it can be read.
fn content(source: &Source) -> Option<String> {
    match source {
        Source::Content(content) => Some(content.clone()),
        Source::Path(path) => {
            let mut content = String::new();
            let file = File::open(path).ok()?;
            file.take(MAX_FILE_BYTES)
                .read_to_string(&mut content)
                .ok()?;
            Some(content)
        }
        Source::Volume(_) | Source::Anonymous => None,
    }
}

/// The URLs of the stack file.
fn urls(stack: &Stack) -> Vec<&str> {
    let workloads = stack
        .workloads
        .values()
        .map(|workload| workload.url.as_str());
    let rules = stack.entities.values().flat_map(|entity| &entity.learn);
    let polled = rules.filter_map(|rule| match &rule.evidence {
        Evidence::Poll { url, .. } => Some(url.as_str()),
        _ => None,
    });
    workloads.chain(polled).collect()
}

/// Words that mean something in the stack's files: where one of them is a password too, what it means must still be seen.
fn words(stack: &Stack) -> HashSet<String> {
    let mut words: HashSet<String> = HashSet::from([stack.name.clone()]);
    for service in stack.services.values() {
        words.insert(service.name.clone());
        words.extend(service.aliases.iter().cloned());
    }
    words.extend(stack.calls.keys().chain(stack.operations.keys()).cloned());
    words.extend(
        stack
            .workloads
            .keys()
            .chain(stack.invariants.keys())
            .cloned(),
    );
    for entity in stack.entities.values() {
        words.extend(of_entity(entity).map(str::to_owned));
        let rules = entity.learn.iter().flat_map(|rule| rule.expressions());
        words.extend(rules.flat_map(quoted));
    }
    for invariant in stack.invariants.values() {
        let scope = invariant.scope.expressions();
        words.extend(
            invariant
                .pattern
                .expressions()
                .chain(scope)
                .flat_map(quoted),
        );
    }
    words
}

fn of_entity(entity: &Entity) -> impl Iterator<Item = &str> {
    let names = std::iter::once(entity.name.as_str());
    let aliased = entity.aliases.values().flatten();
    let aliases = aliased.flat_map(|(alias, name)| [alias.as_str(), name.stands_for.as_str()]);
    let told = entity.statuses().into_iter().chain(entity.fields());
    names.chain(told).chain(entity.events()).chain(aliases)
}

/// The texts that an expression compares with.
fn quoted(expression: &Expression) -> Vec<String> {
    let text = expression.text();
    let quotes = ['"', '\''];
    quotes
        .iter()
        .flat_map(|quote| text.split(*quote).skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}
