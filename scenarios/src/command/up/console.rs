//! The talk with whoever keeps a stack running.

use super::lines::Lines;
use super::sights::Sights;
use super::words::{self, WORDS, Word};
use crate::command::session::program;
use crate::command::steps;
use shakedown_harness::audit::{self, Recorded};
use shakedown_harness::engine::{Door, Order, Sight};
use shakedown_harness::invariant::Finding;
use shakedown_harness::plan::Planned;
use shakedown_harness::problem::Problems;
use shakedown_harness::report;
use shakedown_harness::stack::{Protocol, Stack};
use shakedown_harness::verdict::Verdict;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// What came of a talk.
#[derive(Debug, Default)]
pub struct Talked {
    /// Whether somebody wanted a verdict.
    pub asked: bool,
    /// Lines of a script that were not understood.
    pub mistakes: usize,
    /// Steps of a script that could not be done, or waited in vain.
    pub failed: usize,
}

/// One talk.
pub struct Console {
    stack: Arc<Stack>,
    /// Where the run writes.
    folder: PathBuf,
    sights: Sights,
    /// Whether events are shown as they come.
    watching: bool,
    talked: Talked,
    /// Steps that are still to be carried out.
    steps: VecDeque<Planned>,
    doing: Option<oneshot::Receiver<Result<(), String>>>,
}

impl Console {
    /// A talk about a stack whose run writes into `folder`. `watching`: events are shown from the beginning.
    pub fn new(stack: Arc<Stack>, folder: PathBuf, watching: bool) -> Console {
        Console {
            stack,
            folder,
            watching,
            sights: Sights::default(),
            talked: Talked::default(),
            steps: VecDeque::new(),
            doing: None,
        }
    }

    /// Talks until somebody wants the end, or the run is over. Says what came of it.
    pub async fn talk(
        mut self,
        mut lines: Lines,
        orders: mpsc::Sender<Order>,
        mut sights: mpsc::UnboundedReceiver<Sight>,
    ) -> Talked {
        let script = !lines.is_prompt();
        let mut up = false;
        loop {
            let idle = up && self.doing.is_none() && self.steps.is_empty();
            tokio::select! {
                // What has happened comes before what is said next.
                biased;
                sight = sights.recv() => match sight {
                    None => return self.talked,
                    Some(sight) => {
                        if let Sight::Up { doors, .. } = &sight {
                            up = true;
                            self.greet(doors, &mut lines);
                        }
                        self.see(sight, &mut lines);
                    }
                },
                done = done(&mut self.doing) => {
                    self.doing = None;
                    if let Err(why) = done {
                        lines.print(&format!("  ! {why}"));
                        self.steps.clear();
                        self.talked.failed += usize::from(script);
                    }
                }
                () = std::future::ready(()), if self.doing.is_none() && !self.steps.is_empty() => {
                    let Some(step) = self.steps.pop_front() else { continue };
                    let (answer, done) = oneshot::channel();
                    if orders.send(Order::Step(Box::new(step), answer)).await.is_ok() {
                        self.doing = Some(done);
                    }
                }
                line = lines.next(), if idle => {
                    let Some(line) = line else { break };
                    match words::read(&line, &self.stack) {
                        Ok(Word::Down) => break,
                        Ok(word) => self.obey(word, &mut lines, &orders).await,
                        Err(mut problems) => {
                            for problem in &mut problems.0 {
                                problem.place = problem.place.take().or(lines.place());
                            }
                            lines.print(&said(&problems));
                            self.talked.mistakes += usize::from(script);
                        }
                    }
                }
            }
        }
        drop(orders);
        lines.print("  going down: waiting until nothing can change any more (Ctrl-C: at once)");
        // What still happens is seen, so that the watcher misses nothing of it.
        while let Some(sight) = sights.recv().await {
            self.see(sight, &mut lines);
        }
        self.talked
    }

    fn greet(&self, doors: &[Door], lines: &mut Lines) {
        lines.print(&format!("stack `{}` is up", self.stack.name));
        for door in doors {
            lines.print(&self.door(door));
        }
        if lines.is_prompt() {
            lines.print("type a phrase (TAB completes), or `help`");
        }
    }

    fn door(&self, door: &Door) -> String {
        let service = self.stack.services.get(&door.service);
        let protocol = service.and_then(|service| service.ports.get(&door.port));
        let scheme = match protocol {
            Some(Protocol::Http | Protocol::Sniffed) => "http://",
            Some(Protocol::Postgres) => "postgres://",
            Some(Protocol::Tcp) | None => "",
        };
        format!("  {}:{}  {scheme}{}", door.service, door.port, door.address)
    }

    fn see(&mut self, sight: Sight, lines: &mut Lines) {
        // A violation is told to everybody.
        let loud = matches!(sight, Sight::Broken(_));
        if let Some(text) = self.sights.see(sight)
            && (self.watching || loud)
        {
            lines.print(&text);
        }
    }

    async fn obey(&mut self, word: Word, lines: &mut Lines, orders: &mpsc::Sender<Order>) {
        match word {
            Word::Nothing | Word::Down => {}
            Word::Help => {
                for (word, meaning) in WORDS {
                    lines.print(&format!("  {word:<16} {meaning}"));
                }
                lines.print("  anything else is a phrase, as in a feature: a fault, work, waiting");
            }
            Word::Steps => drop(steps::steps()),
            Word::Services => {
                for door in &self.sights.doors {
                    lines.print(&self.door(door));
                }
            }
            Word::Entities(kind) => {
                let known = self.sights.entities(kind.as_deref());
                match known.is_empty() {
                    true => lines.print("  none was seen yet"),
                    false => known.iter().for_each(|line| lines.print(line)),
                }
            }
            Word::Watch(on) => self.watching = on,
            Word::Faults => {
                let (answer, receipts) = oneshot::channel();
                let _ = orders.send(Order::Receipts(answer)).await;
                for receipt in receipts.await.unwrap_or_default() {
                    lines.print(&format!("  {}", report::receipt_line(&receipt)));
                }
            }
            Word::Check => {
                self.talked.asked = true;
                self.check(lines);
            }
            Word::Phrase(steps) => self.steps.extend(steps),
        }
    }

    /// Judges the history as it is.
    fn check(&self, lines: &mut Lines) {
        let played = Recorded::find(&self.folder).and_then(|found| {
            let judged = found.iter();
            let judged = judged.map(|recorded| audit::recorded(recorded, &self.stack));
            judged.collect::<Result<Vec<_>, _>>()
        });
        match played {
            Err(problems) => lines.print(&said(&problems)),
            Ok(played) => played.iter().for_each(|one| {
                let violated = one.verdict == Verdict::Violated;
                let stories = report::stories(&[one], &|_| format!("{} check", program()));
                for story in stories.iter().filter(|_| violated) {
                    lines.print(story.trim_end());
                }
                let of = |wanted: &dyn Fn(&Finding) -> bool| {
                    let findings = one.outcome.findings.iter().filter(|f| wanted(f));
                    findings.map(|f| f.invariant.as_str()).collect::<Vec<_>>()
                };
                for (word, names) in [
                    ("held so far", of(&|f| f.verdict == Verdict::Held)),
                    ("not told yet", of(&|f| f.verdict == Verdict::Inconclusive)),
                ] {
                    lines.print(&format!("  {word}: {}", names.len()));
                    names
                        .iter()
                        .for_each(|name| lines.print(&format!("    {name}")));
                }
            }),
        }
    }
}

async fn done(doing: &mut Option<oneshot::Receiver<Result<(), String>>>) -> Result<(), String> {
    match doing {
        Some(done) => done
            .await
            .unwrap_or_else(|_| Err("the run is over".to_owned())),
        None => std::future::pending().await,
    }
}

fn said(problems: &Problems) -> String {
    problems.to_string().trim_end().to_owned()
}
