//! Observers look at a running stack again and again: polls, SQL queries, and the lines of logs.
//!
//! They write down what changed, and when they could not look. What calls teach is not their business: that is
//! worked out from the exchanges.

mod database;
mod log;
mod memory;
mod poll;
mod probe;
mod sql;
mod watch;

use crate::address::Resolve;
use crate::history::Sink;
use crate::secret::Secrets;
use crate::stack::{Evidence, Learn, Stack};
use async_trait::async_trait;
use futures::future::BoxFuture;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

pub use probe::Probe;

/// One way to look.
#[async_trait]
trait Look: Send {
    /// Looks once.
    ///
    /// # Errors
    /// Why nothing could be seen, in words.
    async fn look(&mut self) -> Result<Vec<Sighting>, String>;

    /// Why something that the last look saw could not be read by a rule, of which this is the place among those that it is
    /// made for; the rest could.
    fn misread(&mut self) -> Vec<(usize, String)> {
        Vec::new()
    }

    /// Whether every look sees all that has happened since the last one, each thing once. The others see how things
    /// are now.
    fn misses_nothing(&self) -> bool {
        false
    }

    /// What the last look could not see, of what is there.
    fn missed(&self) -> Missed {
        Missed::Nothing
    }

    /// Whether of several that a look tells of one entity, the last is what is so.
    fn in_order(&self) -> bool {
        false
    }

    /// How long what has happened may take to be there to be seen.
    fn lag(&self) -> Duration {
        Duration::ZERO
    }
}

/// What a look that succeeded may have missed all the same.
#[derive(Clone, Debug, PartialEq)]
enum Missed {
    /// What it does not tell of was not there.
    Nothing,
    /// These entities: whoever was asked could not say.
    These(HashSet<String>),
    /// Any of them, for the same reason.
    All,
    /// Any of them: the list moved while its pages were read.
    Moved,
}

impl Missed {
    /// Whether this one, of which the look does not tell, may be there.
    fn may_be(&self, id: &str) -> bool {
        match self {
            Missed::Nothing => false,
            Missed::These(ids) => ids.contains(id),
            Missed::All | Missed::Moved => true,
        }
    }

    /// Why nobody can tell of so many.
    fn why(&self, doubtful: usize) -> String {
        let why = match self {
            Missed::Moved => "the list moved while its pages were read",
            _ => "the service could not say (408, 425, 429 or 5xx)",
        };
        format!("of {doubtful} seen before, nobody knows whether they are still there: {why}")
    }
}

/// Waits until the history has everything that came before what was just seen.
pub type InOrder = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// Gives the ids of the entities of a kind that are known by now.
pub type Known = Arc<dyn Fn(&str) -> Vec<String> + Send + Sync>;

/// Gives the file of what a service writes, and how long that may take to get there.
pub type LogOf<'a> = &'a dyn Fn(&str) -> (PathBuf, Duration);

/// What one look learnt about one entity.
#[derive(Clone, Debug, PartialEq)]
struct Sighting {
    /// By which of the rules that the look is made for.
    by: usize,
    id: String,
    set: Map<String, Value>,
    event: Option<String>,
}

/// All observers of a run. Dropping it ends them.
pub struct Observers {
    _tasks: JoinSet<()>,
    askers: Vec<mpsc::Sender<oneshot::Sender<()>>>,
}

impl Observers {
    /// Starts one observer for each rule of the stack that looks at something, and one for each log, so that its lines are
    /// told in their order whatever rules they match. `sql_url` gives the URL at which a service's database is reached,
    /// `log` the file of what a service writes without its `secrets`, `known` the entities that a poll asks for one by one.
    ///
    /// # Errors
    /// In words, when a rule's host cannot be reached by any address.
    pub fn start(
        stack: &Stack,
        resolve: Resolve<'_>,
        sql_url: &dyn Fn(&str) -> Option<String>,
        (log, secrets): (LogOf<'_>, &Arc<Secrets>),
        known: &Known,
        (sink, in_order, begun): (&Sink, &InOrder, Instant),
    ) -> Result<Observers, String> {
        let mut observers = Observers {
            _tasks: JoinSet::new(),
            askers: Vec::new(),
        };
        let mut watch = |rules: &[(&str, &Learn)], every: Duration, look: Box<dyn Look>| {
            let (asker, asked) = mpsc::channel(1);
            observers.askers.push(asker);
            let to = (sink.clone(), in_order.clone(), begun);
            let watch = watch::Watch::new(rules, every, look, to);
            observers._tasks.spawn(watch.run(asked));
        };
        let mut logs: IndexMap<&str, Vec<(&str, &Learn)>> = IndexMap::new();
        for entity in stack.entities.values() {
            for rule in &entity.learn {
                let own = (entity.name.as_str(), rule);
                match &rule.evidence {
                    // What follows from calls is not looked for.
                    Evidence::Call(_) | Evidence::Probe { .. } => {}
                    Evidence::Poll { every, .. } => {
                        let look = poll::Poll::new(rule, resolve, (own.0, known))?;
                        watch(&[own], *every, Box::new(look));
                    }
                    Evidence::Log { service, .. } => logs.entry(service).or_default().push(own),
                    Evidence::Sql { on, every, .. } => {
                        let unreachable = || format!("{}: {}", rule.place, stack.no_sql(on));
                        let url = sql_url(on).ok_or_else(unreachable)?;
                        watch(&[own], *every, Box::new(sql::Sql::new(rule, url)));
                    }
                }
            }
        }
        for (service, rules) in logs {
            let own = rules.iter().map(|(_, rule)| *rule);
            let look = log::Log::new(own, log(service), Some(secrets.clone()));
            watch(&rules, log::EVERY, Box::new(look));
        }
        Ok(observers)
    }

    /// Lets every observer look once more and waits until all have: what they see afterwards is no older than
    /// this call.
    pub async fn look_now(&self) {
        let asked: Vec<_> = futures::future::join_all(self.askers.iter().map(async |asker| {
            let (done, answered) = oneshot::channel();
            asker.send(done).await.ok()?;
            Some(answered)
        }))
        .await;
        for answered in asked.into_iter().flatten() {
            // An observer that ended has nothing more to say.
            let _ = answered.await;
        }
    }
}
